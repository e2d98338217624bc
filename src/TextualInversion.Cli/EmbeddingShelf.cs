using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Cli;

/// <summary>The embeddings of a picture: those named with <c>--embedding</c>, or those in <c>embeddings/</c> whose trigger the prompts hold.</summary>
internal sealed class EmbeddingShelf : IDisposable
{
    public const string Folder = "embeddings";

    private readonly List<LearnedEmbedding> embeddings = [];

    private EmbeddingShelf()
    {
    }

    public IReadOnlyList<LearnedEmbedding> Embeddings => embeddings;

    /// <summary>Takes the files named, each <c>FILE</c> or <c>FILE=trigger</c>.</summary>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public static EmbeddingShelf Named(IEnumerable<string> arguments)
    {
        var shelf = new EmbeddingShelf();
        foreach (var argument in arguments)
        {
            var split = File.Exists(argument) ? -1 : argument.LastIndexOf('=');
            var path = split < 0 ? argument : argument[..split];
            if (!File.Exists(path)) throw new TextualInversionException($"{path}: no such embedding; name a .safetensors file.");
            var embedding = Read(path);
            shelf.embeddings.Add(split < 0 ? embedding : embedding with { Trigger = Placeholder.Parse(argument[(split + 1)..]).Name });
        }

        return shelf;
    }

    /// <summary>Takes those of <see cref="Folder"/> whose trigger is in one of the texts.</summary>
    /// <param name="texts">the prompts</param>
    /// <param name="warn">told of files that cannot be read</param>
    /// <param name="triggers">all triggers that were found, wanted or not</param>
    public static EmbeddingShelf Searched(IReadOnlyList<string> texts, Action<string> warn, out IReadOnlyList<string> triggers)
    {
        var (shelf, found) = (new EmbeddingShelf(), new List<string>());
        triggers = found;
        if (!Directory.Exists(Folder)) return shelf;
        foreach (var path in Directory.EnumerateFiles(Folder, "*.safetensors").Order(StringComparer.Ordinal))
        {
            if (TryRead(path, warn) is not { } embedding) continue;
            var isClash = found.Contains(embedding.Trigger, StringComparer.OrdinalIgnoreCase);
            if (isClash) warn($"{path}: has the trigger {embedding.Trigger} as another file of {Folder}/ does, and is passed over; choose with --embedding.");
            found.Add(embedding.Trigger);
            if (!isClash && texts.Any(text => text.Contains(embedding.Trigger, StringComparison.OrdinalIgnoreCase))) shelf.embeddings.Add(embedding);
            else embedding.Dispose();
        }

        return shelf;
    }

    /// <summary>The placeholders, in the order of the rows.</summary>
    /// <param name="widths">d of each text encoder of the model</param>
    /// <exception cref="TextualInversionException">An embedding is of another width than the model, or for other encoders.</exception>
    public List<Placeholder> Placeholders(IReadOnlyList<long> widths)
    {
        foreach (var (embedding, found) in embeddings.Select(embedding => (embedding, embedding.Rows.Select(rows => rows.shape[1]).ToList())).Where(pair => !pair.Item2.SequenceEqual(widths)))
            throw new TextualInversionException($"{embedding.Trigger}: its rows are {string.Join(" and ", found)} wide and the model's {string.Join(" and ", widths)}; it was learned on another kind of model{(embedding.Provenance.TryGetValue("base_model", out var model) ? $" ({model})" : "")}.");
        return [.. embeddings.Select(embedding => Placeholder.Parse(embedding.Trigger, embedding.Vectors))];
    }

    /// <summary>(N, d) for each text encoder: all rows in order; null without embeddings. They are the caller's dispose scope's.</summary>
    public IReadOnlyList<Tensor>? Rows(Device device)
    {
        if (embeddings.Count == 0) return null;
        using var scope = NewDisposeScope();
        return [.. Enumerable.Range(0, embeddings[0].Rows.Count)
            .Select(encoder => cat([.. embeddings.Select(embedding => embedding.Rows[encoder])], dim: 0).to(device).MoveToOuterDisposeScope())];
    }

    public void Dispose()
    {
        foreach (var embedding in embeddings) embedding.Dispose();
    }

    private static LearnedEmbedding Read(string path) =>
        SdxlFormat.Matches(SafetensorsFile.Open(path)) ? SdxlFormat.Read(path) : DiffusersFormat.Read(path);

    private static LearnedEmbedding? TryRead(string path, Action<string> warn)
    {
        try
        {
            return Read(path);
        }
        catch (TextualInversionException problem)
        {
            warn(problem.Message);
            return null;
        }
    }
}
