using System.Text.RegularExpressions;

namespace TextualInversion.Data;

/// <summary>Words that say that an image must not be mirrored: it has writing, or a left and a right.</summary>
internal static partial class LeftAndRight
{
    /// <summary>The first such word as it is written; null where there is none.</summary>
    public static string? FindWord(IEnumerable<string> texts) =>
        texts.Select(text => Words().Match(text)).FirstOrDefault(match => match.Success)?.Value;

    [GeneratedRegex(
        @"(?<!\w)(left|right|texts?|letters?|lettering|signs?|logos?|writing|handwriting|inscriptions?)(?!\w)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Words();
}
