using System.Globalization;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>A value of <c>--embedding</c>: <c>FILE[=trigger][@strength]</c>.</summary>
/// <param name="Path">The file.</param>
/// <param name="Trigger">Another trigger than the file's, or null for the file's.</param>
/// <param name="Strength">1 for the rows as they were learned, 0 for the words that they started from</param>
internal sealed record EmbeddingArgument(string Path, string? Trigger = null, double Strength = 1)
{
    /// <summary>What people and programs write for numbers that are none.</summary>
    private static readonly HashSet<string> Words = new(["nan", "inf", "infinity"], StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The name inside the file of a LoRA that a prompt loads, which brings its embeddings with it; null for a file
    /// that was named, or is in a folder of embeddings.
    /// </summary>
    public string? Bundled { get; init; }

    /// <summary>Reads it; what is a file as a whole is nothing else.</summary>
    /// <exception cref="UsageException">What follows the file is not a strength.</exception>
    public static EmbeddingArgument Parse(string text)
    {
        var (rest, strength) = (text, 1.0);
        var at = text.LastIndexOf('@');
        if (at > 0 && !File.Exists(text))
        {
            if (Strengths.TryParse(text[(at + 1)..], out var number, out var problem))
                (rest, strength) = (text[..at], number);
            else if (MayBeNumber(text[(at + 1)..]) || File.Exists(text[..at]))
                throw new UsageException($"{text}: the strength is {text[(at + 1)..]}; {problem}.");
        }

        var split = File.Exists(rest) ? -1 : rest.LastIndexOf('=');
        return split < 0
            ? new EmbeddingArgument(rest, null, strength)
            : new EmbeddingArgument(rest[..split], rest[(split + 1)..], strength);
    }

    private static bool MayBeNumber(string text) =>
        text.All(character => char.IsAsciiDigit(character) || character is '.' or ',' or '-' or '+')
        || double.TryParse(text, CultureInfo.InvariantCulture, out _)
        || Words.Contains(text.TrimStart('-', '+'));

    public override string ToString()
    {
        var trigger = Trigger is null ? "" : $"={Trigger}";
        var strength = Strength == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"@{Strength}");
        return $"{Path}{trigger}{strength}";
    }
}
