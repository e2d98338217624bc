using System.CommandLine;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that say how images and their descriptions become what is learned from.</summary>
internal sealed class TrainingImageOptions
{
    private readonly Option<CropMode> crop = LearningOptions.Choice(
        "--crop",
        "center|squash|bucket",
        "What is done with images that are not square: the middle is taken, they are distorted, or each keeps nearly its own shape.",
        options => options.Crop
    );
    private readonly Option<bool> flip = new("--flip")
    {
        Description =
            "Mirrors images half of the times, whatever the descriptions say. The default, unless they speak of left, right, text, signs or logos.",
    };
    private readonly Option<bool> noFlip = new("--no-flip")
    {
        Description = "Never mirrors: for text and other things that have a left and a right.",
    };
    private readonly PathOption mask = new("--mask")
    {
        HelpName = "alpha|DIR",
        Description =
            "What counts of the images: their alpha channel, or a folder with a gray image for each, 1.png for 1.jpg, white where it counts.",
    };
    private readonly Option<CaptionUse> captions = Captions();
    private readonly Option<bool> shuffleTags = new("--shuffle-tags")
    {
        Description = "Puts what is between the commas of a description into another order each time.",
    };
    private readonly Option<double> dropTags = LearningOptions.Number(
        "--drop-tags",
        "P",
        "The part of a description's tags that is left out each time, but never the new word's.",
        options => options.DropTags
    );
    private readonly Option<int> keepTags = LearningOptions.Number(
        "--keep-tags",
        "N",
        "The first tags, which are neither moved nor left out.",
        options => options.KeepTags
    );
    private readonly Option<bool> holdOut = new("--hold-out")
    {
        Description =
            "Learns nothing from the last image and measures it as well: whether the word means more than the other images.",
    };

    public Option[] All => [crop, flip, noFlip, mask, captions, shuffleTags, dropTags, keepTags];

    public Option HoldOut => holdOut;

    /// <param name="parsed">what was typed</param>
    /// <param name="options">what holds where nothing was</param>
    public TrainOptions Apply(ParseResult parsed, TrainOptions options) =>
        options with
        {
            Crop = IsGiven(parsed, crop) ? parsed.GetValue(crop) : options.Crop,
            Flip = !parsed.GetValue(noFlip) && (IsGiven(parsed, flip) ? parsed.GetValue(flip) : options.Flip),
            Mask = parsed.GetValue(mask) is { } source ? MaskSource.Parse(source) : null,
            Captions = IsGiven(parsed, captions) ? parsed.GetValue(captions) : options.Captions,
            ShuffleTags = parsed.GetValue(shuffleTags),
            DropTags = IsGiven(parsed, dropTags) ? parsed.GetValue(dropTags) : options.DropTags,
            KeepTags = IsGiven(parsed, keepTags) ? parsed.GetValue(keepTags) : options.KeepTags,
            HoldOut = parsed.GetValue(holdOut),
        };

    /// <summary>The option that sets a property of <see cref="TrainOptions"/>, or null if it is not one of these.</summary>
    public string? NameOf(string property) =>
        property switch
        {
            nameof(TrainOptions.DropTags) => dropTags.Name,
            nameof(TrainOptions.KeepTags) => keepTags.Name,
            nameof(TrainOptions.HoldOut) => holdOut.Name,
            _ => null,
        };

    /// <summary>Whether mirroring was asked for in so many words.</summary>
    public bool AsksToFlip(ParseResult parsed) => IsGiven(parsed, flip) && parsed.GetValue(flip);

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static Option<CaptionUse> Captions() =>
        new("--captions")
        {
            HelpName = "only|mixed|off",
            Description =
                "The description beside an image (1.txt beside 1.png) is its only sentence, takes turns with the templates, or is not used. Default: only.",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result =>
            {
                switch (result.Tokens.SingleOrDefault()?.Value.ToLowerInvariant())
                {
                    case null or "only" or "true":
                        return CaptionUse.Only;
                    case "mixed":
                        return CaptionUse.Mixed;
                    case "off" or "false":
                        return CaptionUse.Off;
                    case var other:
                        result.AddError($"--captions {other}: choose only, mixed or off.");
                        return CaptionUse.Only;
                }
            },
        };
}
