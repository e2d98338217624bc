namespace TextualInversion.IO;

/// <summary>The paths in a folder, in the order of their names.</summary>
internal static class FolderListing
{
    /// <param name="folder">The folder, which must exist.</param>
    /// <param name="pattern">The names, where <c>*</c> stands for anything.</param>
    /// <exception cref="TextualInversionException">The folder cannot be read.</exception>
    public static IReadOnlyList<string> Files(string folder, string pattern = "*") =>
        Read(folder, () => Directory.GetFiles(folder, pattern));

    /// <inheritdoc cref="Files"/>
    public static IReadOnlyList<string> Folders(string folder, string pattern = "*") =>
        Read(folder, () => Directory.GetDirectories(folder, pattern));

    private static string[] Read(string folder, Func<string[]> list)
    {
        try
        {
            return [.. list().Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(folder, "read", error);
        }
    }
}
