using System.Text;

namespace TextualInversion.IO;

/// <summary>SHA-256 as 64 lower-case hexadecimal digits.</summary>
internal static class Sha256
{
    private const int BufferBytes = 1 << 17;

    /// <summary>The hash of bytes.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(Hash(bytes));

    /// <summary>The hash of a text in UTF-8.</summary>
    public static string OfText(string text) => OfBytes(Encoding.UTF8.GetBytes(text));

    /// <summary>The 32 bytes of the hash of bytes.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> bytes)
    {
        using var hash = new IncrementalSha256();
        hash.Append(bytes);
        return hash.Finish();
    }

    /// <summary>The hash of the rest of a stream.</summary>
    public static string OfStream(Stream stream)
    {
        using var hash = new IncrementalSha256();
        var buffer = new byte[BufferBytes];
        while (stream.Read(buffer) is var read and > 0)
            hash.Append(buffer.AsSpan(0, read));
        return hash.FinishAsText();
    }

    /// <summary>The hash of a file's content.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The permissions of the file forbid reading it.</exception>
    public static string OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return OfStream(stream);
    }
}
