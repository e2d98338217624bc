using TextualInversion.IO;

namespace TextualInversion.Generation;

/// <summary>Reads prompts from a text file, one per line; empty lines are skipped.</summary>
internal static class PromptFile
{
    private const long MaxBytes = 16L << 20;

    /// <exception cref="TextualInversionException">
    /// The file cannot be read, is not text, has no prompt, or has one that is too long.
    /// </exception>
    public static IReadOnlyList<string> Read(string path)
    {
        var prompts = new List<string>();
        if (File.Exists(path) && new FileInfo(path).Length > MaxBytes)
            throw new TextualInversionException($"{path}: is too large for a file of prompts; write one per line.");
        foreach (var (index, line) in TextFile.Read(path).Split('\n').Index())
        {
            var prompt = line.Trim();
            PromptText.Validate(prompt, $"{path}, line {index + 1}");
            if (prompt.Length > 0)
                prompts.Add(prompt);
        }

        return prompts.Count > 0
            ? prompts
            : throw new TextualInversionException($"{path}: contains no prompt; write one per line.");
    }
}
