using System.Formats.Tar;

namespace TextualInversion.IO;

/// <summary>
/// Distinguishes files that can be read to their end from pipes, devices and sockets, which may never end.
/// </summary>
internal static class SpecialFile
{
    /// <summary>
    /// The kind of a special file, such as "a named pipe", or null for a regular file. Pipes and devices are not
    /// opened.
    /// </summary>
    /// <exception cref="IOException">The file does not exist.</exception>
    public static string? Describe(string path)
    {
        var file = new FileInfo(RealPath.Of(path));
        // Special files have no size.
        if (file.Length > 0)
            return null;
        return TypeOf(file.FullName) switch
        {
            TarEntryType.Fifo => "a named pipe",
            TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "a device",
            null => "a socket",
            _ => null,
        };
    }

    /// <summary>The same, or null if there is no such file or its kind cannot be found out.</summary>
    public static string? Find(string path)
    {
        try
        {
            return File.Exists(path) ? Describe(path) : null;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null; // such as a link to a file that does not exist
        }
    }

    /// <summary>Refuses a special file where a regular one is read: reading it might never end.</summary>
    /// <exception cref="TextualInversionException">It is not a regular file.</exception>
    public static void Refuse(string path)
    {
        if (Find(path) is { } special)
            throw new TextualInversionException($"{path}: is {special}, not a regular file.");
    }

    /// <summary>
    /// The type of a file, or null for sockets. .NET reveals it only in the headers of tar archives, which cannot hold
    /// sockets.
    /// </summary>
    private static TarEntryType? TypeOf(string path)
    {
        using var archive = new MemoryStream();
        try
        {
            using var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true);
            writer.WriteEntry(path, "file");
        }
        catch (IOException)
        {
            return null;
        }

        archive.Position = 0;
        using var reader = new TarReader(archive);
        return reader.GetNextEntry()?.EntryType;
    }
}
