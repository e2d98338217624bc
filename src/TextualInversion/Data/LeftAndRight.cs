using System.Text.RegularExpressions;

namespace TextualInversion.Data;

/// <summary>
/// Words in a caption that mean the image must not be mirrored: it shows text, or its left and right differ.
/// </summary>
internal static partial class LeftAndRight
{
    /// <summary>The first such word as written, or null if there is none.</summary>
    public static string? FindWord(IEnumerable<string> texts) =>
        texts.Select(text => Words().Match(text)).FirstOrDefault(match => match.Success)?.Value;

    [GeneratedRegex(
        @"(?<!\w)(left|right|texts?|letters?|lettering|signs?|logos?|writing|handwriting|inscriptions?)(?!\w)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Words();
}
