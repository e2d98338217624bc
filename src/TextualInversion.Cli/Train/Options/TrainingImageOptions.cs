using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options for training images and their captions.</summary>
internal sealed class TrainingImageOptions
{
    private readonly Option<CropMode> crop = TrainOption.Choice(
        "--crop",
        "center|squash|bucket",
        "How images that are not square are fitted: crop the center, squash to a square, or bucket, which "
            + "nearly keeps each shape.",
        options => options.Crop
    );
    private readonly Option<bool> flip = new("--flip")
    {
        Description =
            "Flip each image horizontally with probability 1/2, even if captions mention sides or text. "
            + "Default: on, unless captions, templates or the initializer mention left, right, text, letters, "
            + "signs or logos.",
    };
    private readonly Option<bool> noFlip = new("--no-flip")
    {
        Description = "Never flip images: for text, and for things whose left and right differ.",
    };
    private readonly PathOption mask = new("--mask")
    {
        HelpName = "alpha|DIR",
        Description =
            "Loss mask: the images' alpha channel, or a folder of grayscale masks, 1.png for 1.jpg (white = include).",
    };
    private readonly Option<CaptionUse> captions = Captions();
    private readonly Option<bool> shuffleTags = new("--shuffle-tags")
    {
        Description = "Shuffle the comma-separated tags of each caption, so that their order is not learned.",
    };
    private readonly Option<double> dropTags = TrainOption.Number(
        "--drop-tags",
        "P",
        "Share of a caption's tags to drop each time, 0 to below 1; the placeholder token always stays.",
        options => options.DropTags
    );
    private readonly Option<int> keepTags = TrainOption.Number(
        "--keep-tags",
        "N",
        "Keep the first N tags in place: neither shuffled nor dropped.",
        options => options.KeepTags
    );
    private readonly Option<bool> holdOut = new("--hold-out")
    {
        Description =
            "Do not train on the last image; report its loss at each validation, which shows overfitting. The best "
            + "embedding is still chosen by the loss on the other images.",
    };

    public Option[] All => [crop, flip, noFlip, mask, captions, shuffleTags, dropTags, keepTags];

    public Option HoldOut => holdOut;

    /// <param name="parsed">The parsed command line.</param>
    /// <param name="options">The values of options that are not given.</param>
    public TrainOptions Apply(ParseResult parsed, TrainOptions options) =>
        options with
        {
            Crop = parsed.ValueOr(crop, options.Crop),
            ForceFlip = options.ForceFlip || parsed.ValueOr(flip, otherwise: false),
            Flip = !parsed.GetValue(noFlip) && parsed.ValueOr(flip, options.Flip),
            Mask = parsed.GetValue(mask) is { } source ? MaskSource.Parse(source) : null,
            Captions = parsed.ValueOr(captions, options.Captions),
            ShuffleTags = parsed.GetValue(shuffleTags),
            DropTags = parsed.ValueOr(dropTags, options.DropTags),
            KeepTags = parsed.ValueOr(keepTags, options.KeepTags),
            HoldOut = parsed.GetValue(holdOut),
        };

    /// <summary>The option that sets a property of the library's options, or null if it is not one of these.</summary>
    public string? NameOf(string property) =>
        property switch
        {
            nameof(TrainOptions.DropTags) => dropTags.Name,
            nameof(TrainOptions.KeepTags) => keepTags.Name,
            nameof(TrainOptions.HoldOut) => holdOut.Name,
            nameof(TextualInversion.TrainingImageOptions.Masks) => mask.Name,
            _ => null,
        };

    private static Option<CaptionUse> Captions() =>
        new("--captions")
        {
            HelpName = "only|mixed|off",
            Description =
                "Use of captions (1.txt next to 1.png): as the image's only prompt, mixed half and half with "
                + "the templates, or off. Images of a style that have none get one that names what the search for the "
                + "initializer finds on each. Default: only.",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = ReadCaptions,
        };

    /// <summary>Without a value the option has its default. Scripts for other tools write true and false.</summary>
    private static CaptionUse ReadCaptions(ArgumentResult result)
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
    }
}
