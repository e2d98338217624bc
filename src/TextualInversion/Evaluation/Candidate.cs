using System.Security.Cryptography;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Evaluation;

/// <summary>What is scored: a learned word, or ordinary words in its place.</summary>
/// <param name="Name">as results call it</param>
/// <param name="Words">what stands in the prompts: a placeholder, ordinary words, or nothing</param>
/// <param name="Placeholders">those in <paramref name="Words"/></param>
/// <param name="Rows">(n, d) for each text encoder; null without placeholders</param>
internal sealed record Candidate(
    string Name,
    string Words,
    IReadOnlyList<Placeholder> Placeholders,
    IReadOnlyList<Tensor>? Rows
)
{
    /// <summary>Ordinary words, or none.</summary>
    public static Candidate Ordinary(string name, string words) => new(name, words, [], null);

    /// <summary>SHA-256 of the rows' values; empty without.</summary>
    public string Hash()
    {
        if (Rows is null)
            return "";
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var rows in Rows)
        {
            using var values = rows.cpu().contiguous();
            sha.AppendData(values.bytes);
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }
}
