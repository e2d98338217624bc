using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that say what is trained, on what and how, as a <see cref="TrainRequest"/>: those of <c>ti train</c> and of what looks ahead of it.</summary>
internal sealed class TrainRequestOptions
{
    private readonly PathListOption images = new("--images")
    {
        HelpName = "PATH…",
        Description = "Folders or files with three to five images.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly NameOption token = new("--token")
    {
        HelpName = "NAME",
        Description = "The new word; my-cat and \"<my-cat>\" are the same.",
    };
    private readonly Option<string?> initializer = new("--initializer")
    {
        HelpName = "TEXT|auto|FILE",
        Description =
            "One or more words to start from; auto, the word of the vocabulary that explains the images best; or an embedding of any layout with as many vectors. Default: the property's word.",
    };
    private readonly LearningOptions learning = new();
    private readonly TrainingImageOptions imageOptions = new();
    private readonly ModelOptions model = new();
    private readonly NumberOption<int> seeds = new("--seeds")
    {
        HelpName = "N",
        Description =
            "Trains with so many seeds, --seed and those after it, keeps the best by validation and reports the spread; each one's run is in runs/NAME/seed-K. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly PathOption templates = new("--templates")
    {
        HelpName = "FILE",
        Description = "Own sentences, one a line, {} for the placeholder.",
    };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly ChoiceOption<GradientCheckpointing> gradientCheckpointing = new("--gradient-checkpointing")
    {
        Description =
            "Computes most of the U-Net twice a step rather than keep what is between: slower, in far less memory, the same result. Default: auto, where the memory would not suffice.",
        DefaultValueFactory = _ => GradientCheckpointing.Auto,
    };

    public Option<string[]> Images => images;

    /// <summary>Those without which nothing can be trained.</summary>
    public Option[] Required => [images, token];

    public Option[] MostUsed => [images, token, initializer, learning.Property, model.Model, .. learning.MostUsed];

    public Option[] Progress => [.. learning.Progress, imageOptions.HoldOut, seeds];

    /// <summary>The groups behind those, as a help page shows them.</summary>
    public (string Title, Option[] Options)[] Others =>
        [
            ("Images and prompts", [.. imageOptions.All, templates]),
            ("Optimisation", learning.Optimisation),
            ("Model", [model.Variant, model.Config, model.Vae, model.Prediction]),
            ("Machine", [device, precision, gradientCheckpointing, Seed]),
        ];

    /// <summary>How many seeds.</summary>
    public Option<int> Seeds => seeds;

    public Option<ulong?> Seed { get; } = SharedOptions.Seed();

    /// <exception cref="TextualInversionException">A number is out of its range, the token is no placeholder, or the file of sentences cannot be used.</exception>
    public TrainRequest Read(ParseResult parsed)
    {
        var options = imageOptions.Apply(
            parsed,
            learning.Resolve(parsed, parsed.GetValue(Seed) ?? SharedOptions.DrawSeed())
        );
        ParameterErrors.Translate(options.Validate, name => learning.NameOf(name) ?? imageOptions.NameOf(name));
        var count = parsed.GetValue(seeds);
        if (count is < 1 or > 100)
            throw new TextualInversionException($"--seeds {count}: choose a number from 1 to 100.");
        if (count > 1 && options.ValidateEvery == 0)
            throw new TextualInversionException(
                $"--seeds {count}: the best is the one with the lowest validation loss, so --validate-every has to be above 0."
            );
        return new TrainRequest
        {
            Placeholder = Placeholder.Parse(parsed.GetValue(token)!, options.Vectors),
            Images = parsed.GetValue(images)!,
            Initializer = parsed.GetValue(initializer),
            Options = options,
            Seeds = count,
            ForceFlip = imageOptions.AsksToFlip(parsed) || learning.IsCompatible(parsed),
            Sentences = parsed.GetValue(templates) is { } file
                ? PromptTemplates.Read(file)
                : PromptTemplates.For(options.Property),
            Model = model.Read(parsed),
            Device = parsed.GetValue(device)!,
            Precision = parsed.GetValue(precision),
            Checkpointing = parsed.GetValue(gradientCheckpointing),
        };
    }
}
