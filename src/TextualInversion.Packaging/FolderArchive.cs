using System.Formats.Tar;
using System.IO.Compression;

namespace TextualInversion.Packaging;

/// <summary>
/// Packs a folder so that the same files give the same bytes: entries in the order of their names, with one time and
/// without an owner.
/// </summary>
internal static class FolderArchive
{
    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Executable =
        Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // The upper half of a zip entry's attributes is st_mode of Unix, with this bit for a regular file.
    private const int RegularFile = 0x8000;
    private const int UnixAttributes = 16;

    // The programs of a published folder. A file system of Windows does not know which files are executable.
    private static readonly string[] Programs = ["ti", "createdump"];

    /// <param name="folder">Its name becomes the first part of every path.</param>
    /// <param name="file">The archive: <c>.tar.gz</c> or <c>.zip</c>.</param>
    /// <param name="time">The time of every entry.</param>
    /// <exception cref="InvalidDataException">The archive has another extension, or the folder is empty.</exception>
    public static void Write(string folder, string file, DateTimeOffset time)
    {
        var entries = Entries(folder);
        using var stream = File.Create(file);
        if (file.EndsWith(".tar.gz", StringComparison.Ordinal))
            WriteTar(entries, stream, time);
        else if (file.EndsWith(".zip", StringComparison.Ordinal))
            WriteZip(entries, stream, time);
        else
            throw new InvalidDataException($"{file}: is neither a .tar.gz nor a .zip.");
    }

    private static List<(string Name, string Path)> Entries(string folder)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var entries = Directory
            .EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetRelativePath(Path.GetDirectoryName(root)!, path).Replace('\\', '/'), path))
            .OrderBy(entry => entry.Name, StringComparer.Ordinal)
            .ToList();
        return entries.Count > 0 ? entries : throw new InvalidDataException($"{folder}: is empty.");
    }

    private static void WriteTar(List<(string Name, string Path)> entries, Stream stream, DateTimeOffset time)
    {
        using var compressed = new GZipStream(stream, CompressionLevel.SmallestSize);
        using var tar = new TarWriter(compressed, TarEntryFormat.Ustar);
        foreach (var (name, path) in entries)
        {
            using var content = File.OpenRead(path);
            var entry = new UstarTarEntry(TarEntryType.RegularFile, name)
            {
                DataStream = content,
                Mode = ModeOf(name),
                ModificationTime = time,
            };
            tar.WriteEntry(entry);
        }
    }

    private static void WriteZip(List<(string Name, string Path)> entries, Stream stream, DateTimeOffset time)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create);
        foreach (var (name, path) in entries)
        {
            var entry = zip.CreateEntry(name, CompressionLevel.SmallestSize);
            entry.LastWriteTime = time.ToUniversalTime();
            entry.ExternalAttributes = ((int)ModeOf(name) | RegularFile) << UnixAttributes;
            using var content = File.OpenRead(path);
            using var target = entry.Open();
            content.CopyTo(target);
        }
    }

    private static UnixFileMode ModeOf(string name) =>
        Array.Exists(Programs, program => name.Split('/') is [_, var file] && file == program) ? Executable : Readable;
}
