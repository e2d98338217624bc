using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that <c>ti train</c> and <c>ti check</c> share, as a <see cref="TrainRequest"/>.</summary>
internal sealed class TrainRequestOptions
{
    private readonly PathListOption images = new("--images")
    {
        HelpName = "PATH…",
        Description = "Training images: files or folders; three to five images work best.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly NameOption token = new("--token")
    {
        HelpName = "NAME",
        Description = "The placeholder token: the new word for prompts. my-cat and \"<my-cat>\" are the same.",
    };
    private readonly TextOption initializer = new("--initializer")
    {
        HelpName = "TEXT|auto|FILE",
        Description =
            "What training starts from: words for what the images show, such as cat; auto, which finds the phrase that "
            + "explains the images best; or an embedding file with as many vectors. A word that is not a token of the "
            + "vocabulary is split into several, with a warning. Vectors beyond the last token start from the mean of "
            + "the vocabulary. Default: auto.",
    };
    private readonly LearningOptions learning = new();
    private readonly TrainingImageOptions imageOptions = new();
    private readonly ModelOptions model = new(ModelOptions.NamedModel);
    private readonly NumberOption<int> seeds = new("--seeds")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = 100,
        Description =
            "Train N runs with consecutive seeds, which takes N times as long, and keep the embedding with the lowest "
            + "validation loss. Each run is in runs/NAME/seed-K. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly PathOption templates = new("--templates")
    {
        HelpName = "FILE",
        Description =
            "File with your own prompt templates, one per line; {} marks the placeholder token. Default: built-in "
            + "templates, selected by --property.",
    };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly Option<bool> noLatentCache = new("--no-latent-cache")
    {
        Description =
            "Encode the images anew. Otherwise encoded images are kept in ti/latents in the user's cache, at most "
            + "1 GiB, for the next training on the same images; the result is the same.",
    };
    private readonly ChoiceOption<MemoryUse> memory = new("--memory")
    {
        Description =
            "Memory against time, with the same result. low: the U-Net's weights stay in the half precision of the "
            + "file, and gradient checkpointing is on. fast: neither. Default: auto, as much as a step needs to fit "
            + "into memory.",
        DefaultValueFactory = _ => MemoryUse.Auto,
    };
    private readonly ChoiceOption<GradientCheckpointing> gradientCheckpointing = new("--gradient-checkpointing")
    {
        Description =
            "Recompute U-Net activations in the backward pass: slower, much less memory, identical result. "
            + "Default: auto, as --memory says, or once memory runs out.",
        DefaultValueFactory = _ => GradientCheckpointing.Auto,
    };

    public Option<string[]> Images => images;

    /// <summary>The options that must be given.</summary>
    public Option[] Required => [images, token];

    /// <summary>Adds the options to a command, in the groups that its help page shows.</summary>
    /// <param name="addGroup">Adds a group with its title.</param>
    /// <param name="stopping">More options of the second group.</param>
    /// <param name="groups">Groups to show after the second.</param>
    public void AddTo(
        Action<string, Option[]> addGroup,
        Option[]? stopping = null,
        params (string Title, Option[] Options)[] groups
    )
    {
        addGroup("Most used", [images, token, initializer, learning.Property, model.Model, .. learning.MostUsed]);
        addGroup("Validation and stopping", [.. learning.Progress, imageOptions.HoldOut, seeds, .. stopping ?? []]);
        foreach (var (title, options) in groups)
            addGroup(title, options);
        addGroup("Images and prompts", [.. imageOptions.All, templates]);
        addGroup("Optimization", learning.Optimization);
        addGroup("Model", [model.Lora, model.Variant, model.Config, model.Vae, model.Prediction]);
        addGroup("Machine", [device, precision, memory, gradientCheckpointing, noLatentCache, Libtorch, Seed]);
    }

    /// <summary>An error for each option that must be given and is not.</summary>
    public IEnumerable<string> Missing(CommandResult result) =>
        Required
            .Where(needed => result.GetResult(needed) is null)
            .Select(needed => $"Option '{needed.Name}' is required.");

    /// <summary>The number of seeds.</summary>
    public Option<int> Seeds => seeds;

    public PathOption Libtorch { get; } = SharedOptions.Libtorch();

    public Option<ulong?> Seed { get; } = SharedOptions.Seed();

    /// <summary>The option that sets a property of the library's options, or null if it is not one of these.</summary>
    public string? OptionOf(string property) => learning.NameOf(property) ?? imageOptions.NameOf(property);

    /// <exception cref="TextualInversionException">
    /// A number is out of its range, the token is not a valid placeholder, or the templates cannot be used.
    /// </exception>
    public TrainRequest Read(ParseResult parsed)
    {
        var options = ReadOptions(parsed);
        options.Validate();
        var count = parsed.GetValue(seeds);
        if (count > 1 && options.ValidateEvery == 0)
            throw new UsageException(
                $"--seeds {count}: the best run is that with the lowest validation loss, so --validate-every must be "
                    + "above 0."
            );
        return new TrainRequest
        {
            Placeholder = UsageException.Read(
                token.Name,
                () => Placeholder.New(parsed.GetValue(token)!, options.VectorCount)
            ),
            Images = parsed.GetValue(images)!,
            Options = options,
            Seeds = count,
            Model = model.Read(parsed),
            Device = parsed.GetValue(device)!,
            Precision = parsed.GetValue(precision),
            UsesLatentCache = !parsed.GetValue(noLatentCache),
        };
    }

    private TrainOptions ReadOptions(ParseResult parsed)
    {
        var seed = parsed.GetValue(Seed) ?? SharedOptions.DrawSeed();
        var options = imageOptions.Apply(parsed, learning.Resolve(parsed, seed));
        var standard = options.SearchesInitializer ? options.Initializer : options.PropertyWord;
        return InitializerFile.WithVectors(options with { Initializer = parsed.GetValue(initializer) ?? standard }) with
        {
            Templates = parsed.GetValue(templates) is { } file ? PromptTemplates.Read(file) : null,
            Memory = parsed.GetValue(memory),
            GradientCheckpointing = parsed.GetValue(gradientCheckpointing),
        };
    }
}
