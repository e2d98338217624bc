using TextualInversion.IO;

namespace TextualInversion.Generation;

/// <summary>Prompts in a text file, one a line; empty lines do not count.</summary>
internal static class PromptFile
{
    /// <exception cref="TextualInversionException">It cannot be read, is no text or holds no prompt.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        var lines = TextFile.Read(path).Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        return lines.Count > 0
            ? lines
            : throw new TextualInversionException($"{path}: holds no prompt; write one a line.");
    }
}
