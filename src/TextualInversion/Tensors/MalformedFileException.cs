namespace TextualInversion.Tensors;

/// <summary>What is wrong inside a file; whoever knows its name makes a <see cref="TextualInversionException"/> of it.</summary>
internal sealed class MalformedFileException(string message) : Exception(message)
{
    /// <summary>A text of the file as a message may show it: short, and without control characters.</summary>
    public static string Shown(string text) =>
        new([.. text.Take(100).Select(letter => char.IsControl(letter) ? '?' : letter)]);
}
