using TextualInversion.IO;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>What is scored: a learned embedding, or ordinary words in its place.</summary>
/// <param name="Name">The name in results.</param>
/// <param name="Words">
/// The text that fills the prompts' <c>{}</c>: placeholder tokens, ordinary words, or nothing.
/// </param>
/// <param name="Placeholders">The placeholder tokens in <paramref name="Words"/>.</param>
/// <param name="Rows">(n, d) for each text encoder; null if there are no placeholder tokens.</param>
internal sealed record Candidate(
    string Name,
    string Words,
    IReadOnlyList<Placeholder> Placeholders,
    IReadOnlyList<Tensor>? Rows
)
{
    /// <summary>Ordinary words, or an empty text.</summary>
    public static Candidate Ordinary(string name, string words) => new(name, words, [], null);

    /// <summary>SHA-256 of the vectors' values; empty if there are none.</summary>
    public string Hash()
    {
        if (Rows is null)
            return "";
        using var sha = new IncrementalSha256();
        foreach (var rows in Rows)
        {
            using var scope = NewDisposeScope();
            sha.Append(HostCopy.Of(rows).bytes);
        }

        return sha.FinishAsText();
    }
}
