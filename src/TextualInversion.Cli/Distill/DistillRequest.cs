using System.Text;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Cli.Distill;

/// <summary>What is distilled, and where the embedding goes.</summary>
/// <param name="Prompt">The prompt, as it was typed; or the name of the only embedding.</param>
/// <param name="Embeddings">The embeddings that the prompt may call. This object disposes of them.</param>
/// <param name="Placeholder">The token of the new embedding.</param>
/// <param name="Path">Its file.</param>
internal sealed record DistillRequest(string Prompt, EmbeddingSet Embeddings, Placeholder Placeholder, string Path)
    : IDisposable
{
    private const int NameWords = 3; // of the prompt, in the name of the embedding
    private const int ShortestWord = 3; // letters

    /// <summary>Reads the arguments, and loads the embeddings.</summary>
    /// <param name="prompt">The prompt, or null.</param>
    /// <param name="embeddings">The values of <c>--embedding</c>.</param>
    /// <param name="vectors">The number of vectors.</param>
    /// <param name="token">The value of <c>--token</c>, or null.</param>
    /// <param name="output">The value of <c>--output</c>, or null.</param>
    /// <param name="messages">Receives the problems with files of folders.</param>
    /// <exception cref="TextualInversionException">
    /// There is no prompt and not one embedding, a file cannot be read, or the token cannot be one.
    /// </exception>
    public static DistillRequest Read(
        string? prompt,
        IReadOnlyList<string> embeddings,
        int vectors,
        string? token,
        string? output,
        ConsoleLog messages
    )
    {
        if (prompt is null && embeddings.Count == 0)
            throw new UsageException("Name the prompt to distill, or with --embedding the embedding.");
        if (prompt is not null && string.IsNullOrWhiteSpace(LoraTag.Remove(prompt)))
            throw new UsageException(
                "The prompt is empty; write what to distill, or leave it out and name an embedding with --embedding."
            );
        PromptText.Validate(prompt ?? "", "the prompt");
        var set =
            embeddings.Count > 0
                ? EmbeddingSet.Load(embeddings.Select(EmbeddingArgument.Parse), messages.Warn)
                : EmbeddingSet.Discover(EmbeddingSet.Folder, messages.Warn);
        if (prompt is null && set.Names.Count != 1)
        {
            set.Dispose();
            throw new UsageException(
                $"--embedding: there are {set.Names.Count} embeddings; name one, or write a prompt that calls them."
            );
        }

        var text = prompt ?? set.Names[0].Display;
        var name = token ?? (prompt is null ? $"{EmbeddingNames.FileStem(text)}-{vectors}" : NameOf(text));
        var placeholder = UsageException.Read("--token", () => Placeholder.New(name, vectors));
        return new DistillRequest(text, set, placeholder, output ?? DefaultPath(placeholder.Name))
        {
            ShortensNegative = prompt is null && ModelSpec.IsNegative(set.Embeddings[0].Provenance),
        };
    }

    /// <summary>Whether an embedding for negative prompts is shortened.</summary>
    public bool ShortensNegative { get; private init; }

    public void Dispose() => Embeddings.Dispose();

    private static string DefaultPath(string token)
    {
        var stem = UsageException.Read(
            "--token",
            () => PortableFileName.Require(EmbeddingNames.FileStem(token), "Token")
        );
        return System.IO.Path.Combine(EmbeddingSet.Folder, stem + ".safetensors");
    }

    /// <summary>The longer ones of the prompt's first words: worst-quality-distilled.</summary>
    private static string NameOf(string prompt)
    {
        var letters = new StringBuilder();
        foreach (var rune in LoraTag.Remove(prompt).EnumerateRunes())
            letters.Append(Rune.IsLetter(rune) ? rune.ToString().ToLowerInvariant() : " ");
        var words = letters
            .ToString()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Length >= ShortestWord)
            .Take(NameWords);
        return string.Join('-', [.. words, "distilled"]);
    }
}
