using TextualInversion.IO;

namespace TextualInversion.Tensors;

/// <summary>The bytes of a file on disk or in memory. Large tensors are mapped from the disk.</summary>
internal sealed class FileSource
{
    private readonly byte[]? content;

    /// <summary>A file on the disk.</summary>
    public FileSource(string path) => Path = path;

    /// <summary>A file in memory. Messages call it <paramref name="path"/>.</summary>
    public FileSource(string path, byte[] content)
    {
        Path = path;
        this.content = content;
    }

    public string Path { get; }

    public bool IsInMemory => content is not null;

    /// <summary>Opens the bytes for reading, from the first on.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The permissions of the file forbid reading it.</exception>
    public Stream Open() =>
        content is null
            ? new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read)
            : new MemoryStream(content, writable: false);

    /// <summary>The first bytes, as many as <see cref="FileKind"/> needs.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read, or is not a regular file.</exception>
    public byte[] Prefix()
    {
        try
        {
            if (content is null && SpecialFile.Describe(Path) is { } special)
                throw new TextualInversionException($"{Path}: is {special}, not a file; copy it to a file first.");
            using var stream = Open();
            var prefix = new byte[FileKind.PrefixLength];
            return prefix[..stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(Path, error);
        }
    }

    /// <summary>All bytes, or null if there are more than <paramref name="limit"/>.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read.</exception>
    public byte[]? ReadAll(int limit)
    {
        if (content is not null)
            return content.Length <= limit ? content : null;
        try
        {
            return new FileInfo(Path).Length <= limit ? File.ReadAllBytes(Path) : null;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(Path, error);
        }
    }
}
