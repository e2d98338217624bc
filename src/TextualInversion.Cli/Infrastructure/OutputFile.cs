using TextualInversion.IO;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Files that a command is going to write.</summary>
internal static class OutputFile
{
    /// <summary>Refuses a file that exists before the work rather than after it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overwrite">Whether it may be replaced.</param>
    /// <param name="option">The option that names another file.</param>
    /// <exception cref="TextualInversionException">The file exists and may not be replaced, or is a folder.</exception>
    public static void RefuseToReplace(string path, bool overwrite, string option)
    {
        if (!overwrite && File.Exists(path))
            throw new TextualInversionException(
                $"{path}: exists; choose another file with {option}, or replace this one with --overwrite."
            );
        AtomicFile.RefuseToReplace(path, overwrite);
    }
}
