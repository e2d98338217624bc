using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>What a run of <c>ti train</c> is about, once everything was found and read.</summary>
internal sealed record TrainSetup
{
    /// <summary>The key in an embedding's provenance for the hash of the base model.</summary>
    public const string ModelHashKey = "base_model_sha256";

    /// <summary>
    /// The name of the number of steps in <see cref="Identity"/>: all that may differ when a run is extended.
    /// </summary>
    public const string StepsIdentity = OptionIdentity + nameof(TrainOptions.Steps);

    private const string OptionIdentity = "option ";

    public required string ModelName { get; init; }

    public required Placeholder Placeholder { get; init; }

    /// <summary>With the resolution that is the model's own.</summary>
    public required TrainOptions Options { get; init; }

    public required InitialEmbedding Start { get; init; }

    public required IReadOnlyList<TrainingImage> Images { get; init; }

    public required IReadOnlyList<string> Sentences { get; init; }

    public required PromptSource Prompts { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>How long the prompts are.</summary>
    public required PromptLengths PromptLengths { get; init; }

    /// <summary>What may be wrong with the images or the initializer, and options that are not followed.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Reads the images.</summary>
    /// <param name="request">what was asked</param>
    /// <param name="model">the model to learn on</param>
    /// <param name="start">where the rows start</param>
    /// <param name="cancellationToken">stops the reading</param>
    /// <exception cref="TextualInversionException">The vocabulary holds the placeholder, or a file is missing or cannot
    /// be used.</exception>
    public static TrainSetup Read(
        TrainRequest request,
        TrainModel model,
        InitialEmbedding start,
        CancellationToken cancellationToken
    )
    {
        // Refuses a token that the vocabulary already holds.
        var tokenizer = new PromptTokenizers(model.Network.Tokenizers, [request.Placeholder]).First;
        var options = request.Options with { Resolution = request.Options.Resolution ?? model.Network.Resolution };
        var loaded = TrainingImageSet.Load(
            request.Images,
            options.Resolution!.Value,
            options.Crop,
            options.Mask,
            cancellationToken
        );
        if (options.HoldOut)
            HeldOutImage.Require(loaded.Images);
        var objection =
            options.Flip && !request.ForceFlip
                ? FlipPolicy.ReasonToDisable(options, loaded.Images, request.Sentences, start.Words.Phrase)
                : null;
        if (objection is not null)
            options = options with { Flip = false };
        var prompts = new PromptSource(loaded.Images, request.Sentences, start.Words.Phrase, options);
        var variesNothing =
            (options.ShuffleTags || options.DropTags > 0 || options.KeepTags > 0)
            && prompts.Descriptions(request.Placeholder).All(prompt => prompt is null);
        return new TrainSetup
        {
            ModelName = model.Name,
            Placeholder = request.Placeholder,
            Options = options,
            Start = start,
            Images = loaded.Images,
            Sentences = request.Sentences,
            Prompts = prompts,
            Precision = request.Precision,
            PromptLengths = PromptLengths.Measure(prompts, loaded.Images, tokenizer),
            Warnings =
            [
                .. loaded.Warnings.Select(notice => notice.ToString()),
                .. new[]
                {
                    objection is null
                        ? null
                        : $"images are not flipped, since {objection}; use --flip to flip them anyway",
                    variesNothing
                        ? "no image has a caption that is used, so there are no tags to shuffle, drop or keep"
                        : null,
                    RoomWarning(request.Placeholder, tokenizer.Capacity),
                }.OfType<string>(),
                .. start.File is null && request.Initializer != TrainRequest.Auto
                    ? InitializerPieces.Warnings(model.Network.Tokenizers[0], start.Words.Phrase)
                    : [],
            ],
        };
    }

    /// <summary>A warning if many vectors leave little room for other words in a prompt.</summary>
    private static string? RoomWarning(Placeholder placeholder, int capacity) =>
        placeholder.Vectors <= capacity / 2
            ? null
            : $"{placeholder.Name} takes {placeholder.Vectors} of a prompt's {capacity} tokens, "
                + $"which leaves {Plural.Of(capacity - placeholder.Vectors, "token")} for its other words";

    /// <summary>The same with rows that start elsewhere.</summary>
    public TrainSetup From(InitialEmbedding start) =>
        this with
        {
            Start = start,
            Prompts = new PromptSource(Images, Sentences, start.Words.Phrase, Options),
        };

    /// <summary>Says what is about to be learned.</summary>
    public void LogSummary(ConsoleLog messages)
    {
        messages.Info($"model {ModelName}, {Images.Count} images at {string.Join(", ", Sizes())}, seed {Options.Seed}");
        if (Images.Any(image => image.Repeats > 1))
            messages.Info($"as their folders' names say, images count: {string.Join(", ", Repeats())}");
        if (Options.Mask is { } mask)
            messages.Info($"masks: {mask}");
        if (Options.HoldOut)
            messages.Info($"{Images[^1].Path} is held out of training and measured");
        var start = Start.File ?? $"\"{Start.Words.Phrase}\" ({string.Join(" ", Start.Words.Pieces)})";
        messages.Info(
            $"{Placeholder.Name} starts from {start}, {Options.Vectors} {(Options.Vectors == 1 ? "vector" : "vectors")}"
        );
        foreach (var (image, prompt) in Images.Zip(Prompts.Descriptions(Placeholder)))
        {
            if (prompt is not null)
                messages.Info($"{image.Path}: \"{prompt}\"");
        }
    }

    /// <summary>
    /// What decides what is learned, by name, for <see cref="TrainState.RequireSame"/>. The model's weights are the
    /// trainer's to compare.
    /// </summary>
    public IReadOnlyDictionary<string, string> Identity
    {
        get
        {
            var identity = new Dictionary<string, string>
            {
                ["token"] = Placeholder.Name,
                ["initializer"] = Start.File is null
                    ? Start.Words.Phrase
                    : $"{Start.File} (SHA-256 {Start.FileSha256})",
                ["precision"] = Precision.ToString(),
                ["templates (SHA-256)"] = Sha256.OfText(string.Join('\n', Sentences)),
            };
            foreach (var (name, value) in IdentityOf(Options))
                identity[name] = value;
            foreach (var (image, prompt) in Images.Zip(Prompts.Descriptions(Placeholder)))
            {
                identity[$"{image.Path} (SHA-256)"] = image.Sha256;
                if (image.Repeats > 1)
                    identity[$"repeats of {image.Path}"] = image.Repeats.ToString(CultureInfo.InvariantCulture);
                if (image.Mask?.Path is { } mask)
                    identity[$"{mask} (SHA-256)"] = image.Mask.Sha256!;
                if (prompt is not null)
                    identity[$"the description of {image.Path}"] = $"\"{prompt}\"";
            }

            return identity;
        }
    }

    /// <summary>The options' part of <see cref="Identity"/>.</summary>
    public static Dictionary<string, string> IdentityOf(TrainOptions options) =>
        JsonSerializer
            .SerializeToElement(options)
            .EnumerateObject()
            .ToDictionary(option => OptionIdentity + option.Name, option => option.Value.ToString());

    /// <summary>The provenance that is written into an embedding's file.</summary>
    /// <param name="weights">The SHA-256 of each network's values.</param>
    /// <param name="step">The steps that went into it.</param>
    public Dictionary<string, string> Provenance(IEnumerable<KeyValuePair<string, string>> weights, int step)
    {
        var provenance = new Dictionary<string, string>
        {
            ["base_model"] = ModelName,
            [ModelHashKey] = Sha256.OfText(
                string.Concat(weights.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value))
            ),
        };
        // The initializer is read as words again, by strengths and by scores: a file is noted apart.
        if (Start.File is null)
            provenance["initializer"] = Start.Words.Phrase;
        else
            (provenance["initializer_file"], provenance["initializer_sha256"]) = (Start.File, Start.FileSha256!);
        provenance["steps"] = step.ToString(CultureInfo.InvariantCulture);
        provenance["seed"] = Options.Seed.ToString(CultureInfo.InvariantCulture);
        provenance["software"] = $"ti {Versions.Of(typeof(TrainSetup))}";
        return provenance;
    }

    /// <summary>Each size that images are learned in, and how many are.</summary>
    private IEnumerable<string> Sizes()
    {
        var sizes = Images.CountBy(image => $"{image.Pixels.WidthPixels} x {image.Pixels.HeightPixels}").ToList();
        return sizes.Select(size => sizes.Count == 1 ? size.Key : $"{size.Key} ({size.Value})");
    }

    /// <summary>Each folder, and how often its images count.</summary>
    private IEnumerable<string> Repeats() =>
        Images.Select(image => $"{Path.GetDirectoryName(image.Path)} x {image.Repeats}").Distinct();
}
