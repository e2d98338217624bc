using System.Formats.Tar;

namespace TextualInversion.IO;

/// <summary>Tells files that can be read to their end from pipes, devices and sockets, which may never end.</summary>
internal static class SpecialFile
{
    /// <summary>
    /// What the path is, such as "a named pipe", or null if it is a regular file. Pipes and devices are not opened.
    /// </summary>
    /// <exception cref="IOException">There is no such file.</exception>
    public static string? Describe(string path)
    {
        var file = new FileInfo(path);
        if (file.ResolveLinkTarget(returnFinalTarget: true) is { } target)
            file = new FileInfo(target.FullName);
        // The others have no size.
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

    /// <summary>
    /// The type of a file, which .NET tells only in the headers of archives; null for sockets, which these cannot hold.
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
