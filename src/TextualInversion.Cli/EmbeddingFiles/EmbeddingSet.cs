using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>The embeddings of an image: those named with <c>--embedding</c>, or those in <c>embeddings/</c> whose trigger the prompts hold.</summary>
internal sealed class EmbeddingSet : IDisposable
{
    public const string Folder = "embeddings";

    private readonly List<LearnedEmbedding> embeddings = [];
    private readonly List<EmbeddingArgument> arguments = []; // one an embedding

    private EmbeddingSet() { }

    public IReadOnlyList<LearnedEmbedding> Embeddings => embeddings;

    /// <summary>What would take them again, one an embedding.</summary>
    public IReadOnlyList<EmbeddingArgument> Arguments => arguments;

    /// <summary>The model that the first embedding that says so was learned on; null where none does.</summary>
    public string? LearnedOn =>
        embeddings
            .Select(embedding => embedding.Provenance.GetValueOrDefault("base_model"))
            .FirstOrDefault(name => name is not null);

    /// <summary>Takes the files named, which are no folders.</summary>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public static EmbeddingSet Named(IEnumerable<EmbeddingArgument> arguments) => Named(arguments, [], _ => { });

    /// <summary>Takes what is named: files of any layout, or a folder, of which those in the texts are taken.</summary>
    /// <param name="arguments">as they were typed</param>
    /// <param name="texts">the prompts</param>
    /// <param name="warn">told of files of folders that cannot be read</param>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public static EmbeddingSet Named(
        IEnumerable<EmbeddingArgument> arguments,
        IReadOnlyList<string> texts,
        Action<string> warn
    )
    {
        var shelf = new EmbeddingSet();
        foreach (var argument in arguments)
        {
            if (Directory.Exists(argument.Path))
            {
                var found = Searched(argument.Path, texts, warn, out _);
                shelf.embeddings.AddRange(found.embeddings);
                shelf.arguments.AddRange(found.arguments.Select(file => file with { Strength = argument.Strength }));
                continue;
            }

            if (!File.Exists(argument.Path))
                throw new TextualInversionException(
                    $"{argument.Path}: no such embedding; name a file of any layout, or a folder of them."
                );
            var embedding = EmbeddingFile.Read(argument.Path);
            shelf.embeddings.Add(
                argument.Trigger is null
                    ? embedding
                    : embedding with
                    {
                        Trigger = Placeholder.Parse(argument.Trigger).Name,
                    }
            );
            shelf.arguments.Add(argument);
        }

        return shelf;
    }

    /// <summary>Takes those of a folder that one of the texts calls.</summary>
    /// <param name="folder">its files are read whatever their layout</param>
    /// <param name="texts">the prompts</param>
    /// <param name="warn">told of files that cannot be read, and of triggers that two files have</param>
    /// <param name="triggers">all triggers that were found, wanted or not</param>
    public static EmbeddingSet Searched(
        string folder,
        IReadOnlyList<string> texts,
        Action<string> warn,
        out IReadOnlyList<string> triggers
    )
    {
        var (shelf, found) = (new EmbeddingSet(), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var path in EmbeddingFolder.Files(folder))
        {
            if (TryRead(path, warn) is not { } embedding)
                continue;
            var isClash = !found.TryAdd(embedding.Trigger, path);
            if (isClash)
                warn(
                    $"{path}: has the trigger {embedding.Trigger} as {found[embedding.Trigger]} does, and is passed over; choose with --embedding."
                );
            if (
                isClash
                || !texts.Any(text =>
                    EmbeddingNames
                        .Resolve(text, path, embedding.Trigger)
                        .Contains(embedding.Trigger, StringComparison.OrdinalIgnoreCase)
                )
            )
            {
                embedding.Dispose();
                continue;
            }

            shelf.embeddings.Add(embedding);
            shelf.arguments.Add(new EmbeddingArgument(path));
        }

        triggers = [.. found.Keys];
        return shelf;
    }

    /// <summary>A prompt in which every embedding is named by its trigger, see <see cref="EmbeddingNames"/>.</summary>
    public string Resolve(string prompt) =>
        embeddings
            .Zip(arguments)
            .Aggregate(prompt, (text, pair) => EmbeddingNames.Resolve(text, pair.Second.Path, pair.First.Trigger));

    /// <summary>The placeholders, in the order of the rows.</summary>
    /// <param name="widths">d of each text encoder of the model</param>
    /// <exception cref="TextualInversionException">An embedding is of another width than the model, or for other encoders.</exception>
    public List<Placeholder> Placeholders(IReadOnlyList<long> widths)
    {
        foreach (var embedding in embeddings.Where(embedding => !embedding.Widths.SequenceEqual(widths)))
            throw new TextualInversionException(
                $"{embedding.Trigger}: its rows are {string.Join(" and ", embedding.Widths)} wide and the model's {string.Join(" and ", widths)}; it was learned on another kind of model{(embedding.Provenance.TryGetValue("base_model", out var model) ? $" ({model})" : "")}."
            );
        return [.. embeddings.Select(embedding => Placeholder.Parse(embedding.Trigger, embedding.Vectors))];
    }

    /// <summary>(N, d) for each text encoder: all rows in order; null without embeddings. They are the caller's dispose scope's.</summary>
    /// <exception cref="TextualInversionException">A strength is asked for, and the embedding does not say what it started from.</exception>
    public IReadOnlyList<Tensor>? Rows(IDiffusionModel model)
    {
        if (embeddings.Count == 0)
            return null;
        using var scope = NewDisposeScope();
        return
        [
            .. Enumerable
                .Range(0, embeddings[0].Rows.Count)
                .Select(encoder =>
                    cat(
                            [
                                .. embeddings.Zip(
                                    arguments,
                                    (embedding, argument) => Rows(embedding, argument, model, encoder)
                                ),
                            ],
                            dim: 0
                        )
                        .MoveToOuterDisposeScope()
                ),
        ];
    }

    public void Dispose()
    {
        foreach (var embedding in embeddings)
            embedding.Dispose();
    }

    private static Tensor Rows(
        LearnedEmbedding embedding,
        EmbeddingArgument argument,
        IDiffusionModel model,
        int encoder
    )
    {
        if (argument.Strength == 1)
            return embedding.Rows[encoder].to(model.Device);
        var initializer =
            embedding.Provenance.GetValueOrDefault("initializer")
            ?? throw new TextualInversionException(
                $"{argument.Path}: does not say which word it started from, so @{argument.Strength} has no meaning; weigh it in the prompt, as in ({embedding.Trigger}:0.7)."
            );
        return EmbeddingStrength.Apply(
            embedding.Rows[encoder],
            initializer,
            model.Tokenizers[encoder],
            model.Vocabularies[encoder],
            argument.Strength
        );
    }

    private static LearnedEmbedding? TryRead(string path, Action<string> warn)
    {
        try
        {
            return EmbeddingFile.Read(path);
        }
        catch (TextualInversionException problem)
        {
            warn(problem.Message);
            return null;
        }
    }
}
