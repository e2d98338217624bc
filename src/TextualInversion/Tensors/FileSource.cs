namespace TextualInversion.Tensors;

/// <summary>The bytes of a file: on the disk, from where large tensors are mapped, or in memory.</summary>
internal sealed class FileSource
{
    private readonly byte[]? content;

    /// <summary>A file on the disk.</summary>
    public FileSource(string path) => Path = path;

    /// <summary>A file in memory, which is called <paramref name="path"/> in messages.</summary>
    public FileSource(string path, byte[] content)
    {
        Path = path;
        this.content = content;
    }

    public string Path { get; }

    public bool IsInMemory => content is not null;

    /// <summary>The bytes, to be read from the first on.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public Stream Open() =>
        content is null
            ? new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read)
            : new MemoryStream(content, writable: false);

    /// <summary>The first bytes, as <see cref="FileKind"/> wants them.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read.</exception>
    public byte[] Prefix()
    {
        try
        {
            using var stream = Open();
            var prefix = new byte[FileKind.PrefixLength];
            return prefix[..stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(error);
        }
    }

    /// <summary>All bytes, where there are not more than <paramref name="limit"/>; else null.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read.</exception>
    public byte[]? ReadAll(int limit)
    {
        if (content is not null)
            return content.Length <= limit ? content : null;
        try
        {
            return new FileInfo(Path).Length <= limit ? File.ReadAllBytes(Path) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(error);
        }
    }

    public TextualInversionException Unreadable(Exception error) =>
        new($"{Path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
}
