using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary>The inputs of a run of <c>ti train</c>, after files were found and read.</summary>
internal sealed record TrainSetup
{
    public required string ModelName { get; init; }

    /// <summary>The words that are learned: one, or several together.</summary>
    public required IReadOnlyList<TrainWord> Words { get; init; }

    /// <summary>The placeholder token of the only word, or of the first.</summary>
    public Placeholder Placeholder => Words[0].Placeholder;

    /// <summary>What the only word starts from, or the first.</summary>
    public InitialEmbedding Start => Words[0].Start;

    /// <summary>The placeholder tokens as a list for messages.</summary>
    public string Names => string.Join(", ", Words.Select(word => word.Placeholder.Name));

    public required TrainingPlan Plan { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>What the model predicts.</summary>
    public required PredictionType Prediction { get; init; }

    /// <summary>Whether the embedding is meant for negative prompts.</summary>
    public required bool IsNegative { get; init; }

    /// <summary>The LoRAs that are part of the frozen model, each with the SHA-256 of its file.</summary>
    public required IReadOnlyList<(Lora Lora, string Sha256)> Loras { get; init; }

    /// <summary>The hashes of the model's weights without these LoRAs, see <see cref="Training.OwnWeights"/>.</summary>
    public IReadOnlyDictionary<string, string> OwnHashes { get; init; } = new Dictionary<string, string>();

    /// <summary>The lengths of the prompts.</summary>
    public required PromptLengths PromptLengths { get; init; }

    /// <summary>Possible problems with the images or the initializer, and options that have no effect.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <inheritdoc cref="TrainingPlan.Options"/>
    public TrainOptions Options => Plan.Options;

    /// <inheritdoc cref="TrainingPlan.Images"/>
    public IReadOnlyList<TrainingImage> Images => Plan.Images;

    /// <inheritdoc cref="TrainingPlan.Prompts"/>
    public PromptSource Prompts => Plan.Prompts;

    /// <summary>Reads the images.</summary>
    /// <param name="request">The arguments.</param>
    /// <param name="model">The model to train on.</param>
    /// <param name="starts">The rows that each word starts from.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="TextualInversionException">
    /// The vocabulary holds the placeholder, or a file is missing or cannot be used.
    /// </exception>
    public static TrainSetup Read(
        TrainRequest request,
        TrainModel model,
        IReadOnlyList<InitialEmbedding> starts,
        CancellationToken cancellationToken
    )
    {
        // Refuses a token that the vocabulary already holds.
        var tokenizer = new PromptTokenizers(model.Network.Tokenizers, request.Placeholders).First;
        var options = request.Options with { Resolution = request.Options.Resolution ?? model.Network.Resolution };
        var loaded = TrainingImageSet.Load(
            request.Images,
            options.Resolution.Value,
            options.Crop,
            options.Mask,
            cancellationToken
        );
        var plan = TrainingPlan.Create(
            options,
            loaded.Images,
            request.Placeholder,
            string.Join(' ', starts.Select(start => start.Words.Phrase)),
            model.Noise.Config.NumTrainTimesteps,
            request.Together is null ? null : request.Placeholders
        );
        return new TrainSetup
        {
            ModelName = model.Name,
            Words = TrainWord.Of(request, starts),
            Plan = plan,
            Precision = model.Precision,
            Prediction = model.Noise.Config.PredictionType,
            IsNegative = request.IsNegative,
            Loras = [.. request.Model.UsedLoras.Select(lora => (lora, Sha256.OfFile(lora.Path)))],
            PromptLengths = PromptLengths.Measure(plan.Prompts, plan.Images, tokenizer),
            Warnings =
            [
                .. loaded.Warnings.Select(warning => warning.ToString()),
                .. FlipWarnings(plan),
                .. plan.Warnings,
                .. request.Placeholders.SelectMany(placeholder => RoomWarnings(placeholder, tokenizer.Capacity)),
                .. starts
                    .Where(start => start.File is null && !request.SearchesInitializer)
                    .SelectMany(start => InitializerPieces.Warnings(model.Network.Tokenizers[0], start.Words.Phrase)),
            ],
        };
    }

    /// <summary>The same with another initializer, which decides the number of vectors.</summary>
    public TrainSetup From(InitialEmbedding start)
    {
        var placeholder = Placeholder.Parse(Placeholder.Name, start.Vectors);
        return this with
        {
            Words = [Words[0] with { Placeholder = placeholder, Start = start }],
            Plan = Plan.WithInitializer(start),
        };
    }

    /// <summary>The same with another seed.</summary>
    public TrainSetup WithSeed(ulong seed) => this with { Plan = Plan.WithSeed(seed) };

    /// <summary>Prints what will be trained.</summary>
    public void LogSummary(ConsoleLog messages)
    {
        var images = $"{Plural.Of(Images.Count, "image")} at {string.Join(", ", Sizes())}";
        messages.Info($"model {ModelName}, {images}, seed {Options.Seed}");
        foreach (var (lora, _) in Loras)
            messages.Info($"LoRA {LoraArgument.Format(lora)} is part of the frozen model");
        if (Images.Any(image => image.Repeats > 1))
            messages.Info($"as their folders' names say, images count: {string.Join(", ", Repeats())}");
        if (Options.Mask is { } mask)
            messages.Info($"masks: {mask}");
        if (Options.HoldOut)
            messages.Info($"{Images[^1].Path} is held out of training and measured");
        foreach (var (placeholder, from, rate) in Words)
        {
            var start = from.File ?? $"\"{from.Words.Phrase}\" ({string.Join(" ", from.Words.Pieces)})";
            var own = rate is null ? "" : $", learning rate {Numbers.Format(rate.Value)}";
            messages.Info($"{placeholder.Name} starts from {start}, {Plural.Of(placeholder.Vectors, "vector")}{own}");
        }

        foreach (var (image, prompt) in Images.Zip(Prompts.Descriptions(Placeholder)))
        {
            if (prompt is not null)
                messages.Info($"{image.Path}: \"{prompt}\"");
        }
    }

    /// <summary>The embedding of each word, with the data to write into its file.</summary>
    /// <param name="rows">(n, d) of all words, for each text encoder. The embeddings share their memory.</param>
    /// <param name="weights">The SHA-256 of each network's values, or null if they are not known yet.</param>
    /// <param name="step">The steps after which they were taken.</param>
    public IReadOnlyList<LearnedEmbedding> Embeddings(
        IReadOnlyList<Tensor> rows,
        IReadOnlyDictionary<string, string>? weights,
        int step
    )
    {
        if (Words.Count == 1)
            return [Embedding(Words[0], rows, weights, step)];
        var (embeddings, first) = (new List<LearnedEmbedding>(), 0L);
        foreach (var word in Words)
        {
            IReadOnlyList<Tensor> own = [.. rows.Select(each => each.narrow(0, first, word.Placeholder.Vectors))];
            embeddings.Add(Embedding(word, own, weights, step));
            first += word.Placeholder.Vectors;
        }

        return embeddings;
    }

    private LearnedEmbedding Embedding(
        TrainWord word,
        IReadOnlyList<Tensor> rows,
        IReadOnlyDictionary<string, string>? weights,
        int step
    )
    {
        var provenance = EmbeddingProvenance.OfTraining(
            ModelName,
            weights is null ? null : OwnWeights.Replace(weights, OwnHashes),
            word.Start,
            step,
            Options.Seed,
            Versions.Software
        ) with
        {
            Loras = [.. Loras.Select(each => each.Lora)],
            LoraSha256 = Loras
                .DistinctBy(each => each.Lora.Path)
                .ToDictionary(each => each.Lora.Path, each => each.Sha256),
            Others = ModelSpec.Of(
                word.Placeholder.Name,
                EmbeddingNames.FileStem(word.Placeholder.Name),
                rows,
                Options.Resolution!.Value,
                Prediction,
                IsNegative
            ),
        };
        return new LearnedEmbedding(word.Placeholder.Name, rows, provenance.ToMetadata());
    }

    private static IEnumerable<string> FlipWarnings(TrainingPlan plan)
    {
        if (plan.ReasonNotToFlip is { } reason)
            yield return $"images are not flipped, since {reason}; use --flip to flip them anyway";
    }

    /// <summary>A warning if many vectors leave little room for other words in a prompt.</summary>
    private static IEnumerable<string> RoomWarnings(Placeholder placeholder, int capacity)
    {
        if (placeholder.Vectors > capacity / 2)
            yield return $"{placeholder.Name} takes {placeholder.Vectors} of a prompt's {capacity} tokens, "
                + $"which leaves {Plural.Of(capacity - placeholder.Vectors, "token")} for its other words";
    }

    /// <summary>Each size of the images in training, and the number of images of that size.</summary>
    private IEnumerable<string> Sizes()
    {
        var sizes = Images.CountBy(image => $"{image.Pixels.WidthPixels} x {image.Pixels.HeightPixels}").ToList();
        return sizes.Select(size => sizes.Count == 1 ? size.Key : $"{size.Key} ({size.Value})");
    }

    /// <summary>Each folder with its repeats.</summary>
    private IEnumerable<string> Repeats() =>
        Images.Select(image => $"{Path.GetDirectoryName(image.Path)} x {image.Repeats}").Distinct();
}
