using System.Text.RegularExpressions;

namespace TextualInversion.Data;

/// <summary>
/// Words which say that an image must not be mirrored: it shows writing, or has a left and a right side.
/// </summary>
internal static partial class LeftAndRight
{
    /// <summary>The first such word as it is written, or null if no text has one.</summary>
    public static string? FindWord(IEnumerable<string> texts) =>
        texts.Select(text => Words().Match(text)).FirstOrDefault(match => match.Success)?.Value;

    [GeneratedRegex(
        @"(?<!\w)(left|right|texts?|letters?|lettering|signs?|logos?|writing|handwriting|inscriptions?)(?!\w)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Words();
}
