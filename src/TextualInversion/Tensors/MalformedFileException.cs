namespace TextualInversion.Tensors;

/// <summary>
/// A problem inside a file. The caller that knows the path turns it into a <see cref="TextualInversionException"/>.
/// </summary>
internal sealed class MalformedFileException(string message) : Exception(message)
{
    /// <summary>A text of the file as a message may show it: short, and without control characters.</summary>
    public static string Shown(string text) =>
        new([.. text.Take(100).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}
