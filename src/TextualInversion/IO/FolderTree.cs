namespace TextualInversion.IO;

/// <summary>The files of a folder and its sub-folders, where folders may be links.</summary>
internal static class FolderTree
{
    private const int DeepestLevel = 16; // deep enough for people's folders

    // What may not be read is skipped.
    private static readonly EnumerationOptions OneLevel = new() { AttributesToSkip = FileAttributes.Hidden };

    /// <summary>
    /// The files, without hidden ones, in no particular order. Each folder is listed once, by its own name rather than
    /// by a link, so links that lead in a circle end there.
    /// </summary>
    /// <param name="root">The folder, which must exist.</param>
    public static IEnumerable<string> Files(string root) =>
        Folders(root).SelectMany(folder => Directory.EnumerateFiles(folder, "*", OneLevel));

    /// <summary>The folders whose files cannot be listed, which the others skip.</summary>
    /// <param name="root">The folder, which must exist.</param>
    public static IEnumerable<string> Unreadable(string root) => Folders(root).Where(folder => !IsReadable(folder));

    private static bool IsReadable(string folder)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return true;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return false;
        }
    }

    private static IEnumerable<string> Folders(string root)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var folders = new Stack<(string Path, int Level)>([(root, 0)]);
        var links = new Queue<(string Path, int Level)>();
        while (folders.TryPop(out var next) || links.TryDequeue(out next))
        {
            if (!seen.Add(RealPath.Of(next.Path)))
                continue;
            yield return next.Path;
            if (next.Level == DeepestLevel)
                continue;
            foreach (var folder in new DirectoryInfo(next.Path).EnumerateDirectories("*", OneLevel))
            {
                var below = (Path.Combine(next.Path, folder.Name), next.Level + 1);
                if (folder.LinkTarget is null)
                    folders.Push(below);
                else
                    links.Enqueue(below);
            }
        }
    }
}
