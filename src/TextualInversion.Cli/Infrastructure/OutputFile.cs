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
        if (!overwrite && File.Exists(path) && SpecialFile.Find(path) is null)
            throw Exists(path, option);
        AtomicFile.RefuseToReplace(path, overwrite);
    }

    /// <summary>
    /// Writes a file. Another process may have made it since <see cref="RefuseToReplace"/>; the message then names the
    /// options, which the library does not know.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="overwrite">Whether it may be replaced.</param>
    /// <param name="option">The option that names another file.</param>
    /// <param name="write">Writes it, if it does not exist or may be replaced.</param>
    /// <exception cref="TextualInversionException">It exists and may not be replaced, or cannot be written.</exception>
    public static void Write(string path, bool overwrite, string option, Action write)
    {
        RefuseToReplace(path, overwrite, option);
        try
        {
            write();
        }
        catch (TextualInversionException) when (!overwrite && File.Exists(path))
        {
            throw Exists(path, option);
        }
    }

    private static TextualInversionException Exists(string path, string option) =>
        new($"{path}: exists; choose another file with {option}, or replace this one with --overwrite.");
}
