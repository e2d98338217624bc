namespace TextualInversion.IO;

/// <summary>Text from users and other people's files as a terminal may show it.</summary>
internal static class PrintableText
{
    /// <summary>
    /// The text with U+FFFD in place of control characters, which could color, move or fake what a terminal shows.
    /// </summary>
    public static string Of(string text) =>
        string.Concat(text.Select(character => char.IsControl(character) ? '\uFFFD' : character));
}
