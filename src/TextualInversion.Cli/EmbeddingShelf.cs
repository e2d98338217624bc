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

    /// <summary>Takes what is named: <c>FILE</c> of any layout, <c>FILE=trigger</c>, or a folder, of which those in the texts are taken.</summary>
    /// <param name="arguments">as they were typed</param>
    /// <param name="texts">the prompts</param>
    /// <param name="warn">told of files of folders that cannot be read</param>
    /// <exception cref="TextualInversionException">A file cannot be read.</exception>
    public static EmbeddingShelf Named(IEnumerable<string> arguments, IReadOnlyList<string> texts, Action<string> warn)
    {
        var shelf = new EmbeddingShelf();
        foreach (var argument in arguments)
        {
            if (Directory.Exists(argument))
            {
                shelf.embeddings.AddRange(Searched(argument, texts, warn, out _).embeddings);
                continue;
            }

            var split = File.Exists(argument) ? -1 : argument.LastIndexOf('=');
            var path = split < 0 ? argument : argument[..split];
            if (!File.Exists(path)) throw new TextualInversionException($"{path}: no such embedding; name a file of any layout, or a folder of them.");
            var embedding = EmbeddingFile.Read(path);
            shelf.embeddings.Add(split < 0 ? AsCalled(embedding, path, texts) ?? embedding : embedding with { Trigger = Placeholder.Parse(argument[(split + 1)..]).Name });
        }

        return shelf;
    }

    /// <summary>Takes those of a folder that one of the texts calls.</summary>
    /// <param name="folder">its files are read whatever their layout</param>
    /// <param name="texts">the prompts</param>
    /// <param name="warn">told of files that cannot be read, and of triggers that two files have</param>
    /// <param name="triggers">all triggers that were found, wanted or not</param>
    public static EmbeddingShelf Searched(string folder, IReadOnlyList<string> texts, Action<string> warn, out IReadOnlyList<string> triggers)
    {
        var (shelf, found) = (new EmbeddingShelf(), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var path in EmbeddingFolder.Files(folder))
        {
            if (TryRead(path, warn) is not { } embedding) continue;
            var isClash = !found.TryAdd(embedding.Trigger, path);
            if (isClash) warn($"{path}: has the trigger {embedding.Trigger} as {found[embedding.Trigger]} does, and is passed over; choose with --embedding.");
            if (!isClash && AsCalled(embedding, path, texts) is { } called) shelf.embeddings.Add(called);
            else embedding.Dispose();
        }

        triggers = [.. found.Keys];
        return shelf;
    }

    /// <summary>The placeholders, in the order of the rows.</summary>
    /// <param name="widths">d of each text encoder of the model</param>
    /// <exception cref="TextualInversionException">An embedding is of another width than the model, or for other encoders.</exception>
    public List<Placeholder> Placeholders(IReadOnlyList<long> widths)
    {
        foreach (var embedding in embeddings.Where(embedding => !embedding.Widths.SequenceEqual(widths)))
            throw new TextualInversionException($"{embedding.Trigger}: its rows are {string.Join(" and ", embedding.Widths)} wide and the model's {string.Join(" and ", widths)}; it was learned on another kind of model{(embedding.Provenance.TryGetValue("base_model", out var model) ? $" ({model})" : "")}.");
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

    /// <summary>
    /// The embedding under the name by which a text calls it: its trigger, ComfyUI's <c>embedding:stem</c>, or, as the WebUI does, the
    /// file's stem, where that is no plain word (my-cat, bad_prompt_v2), for a file cat.pt must not take the word cat from all prompts.
    /// </summary>
    /// <returns>null where no text calls it</returns>
    private static LearnedEmbedding? AsCalled(LearnedEmbedding embedding, string path, IReadOnlyList<string> texts)
    {
        var stem = Path.GetFileNameWithoutExtension(path);
        var isPlain = stem.All(char.IsLetter);
        var called = texts.Any(text => text.Contains(embedding.Trigger, StringComparison.OrdinalIgnoreCase)) ? embedding.Trigger
            : texts.Any(text => text.Contains($"embedding:{stem}", StringComparison.OrdinalIgnoreCase)) ? $"embedding:{stem}"
            : !isPlain && texts.Any(text => HoldsWord(text, stem)) ? stem
            : null;
        return called is null ? null : embedding with { Trigger = called };
    }

    /// <summary>Whether a text holds a name that is no part of another: not my-cat in my-cat-2 or in &lt;my-cat&gt;.</summary>
    private static bool HoldsWord(string text, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.OrdinalIgnoreCase))
            if (IsBoundary(text, at - 1) && IsBoundary(text, at + word.Length)) return true;
        return false;

        static bool IsBoundary(string text, int at) => at < 0 || at >= text.Length || !(char.IsLetterOrDigit(text[at]) || text[at] is '-' or '_' or '<' or '>');
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
