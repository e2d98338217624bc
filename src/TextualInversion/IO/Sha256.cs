using System.Security.Cryptography;
using System.Text;

namespace TextualInversion.IO;

/// <summary>SHA-256 as 64 lower-case hexadecimal digits.</summary>
internal static class Sha256
{
    /// <summary>The hash of bytes.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The hash of a text in UTF-8.</summary>
    public static string OfText(string text) => OfBytes(Encoding.UTF8.GetBytes(text));

    /// <summary>The hash of the rest of a stream.</summary>
    public static string OfStream(Stream stream) => Convert.ToHexStringLower(SHA256.HashData(stream));

    /// <summary>The hash of a file's content.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The permissions of the file forbid reading it.</exception>
    public static string OfFile(string path)
    {
        using var stream = File.OpenRead(path);
        return OfStream(stream);
    }

    /// <summary>The hash of everything appended to <paramref name="hash"/>, which is then reset.</summary>
    /// <param name="hash">An incremental SHA-256.</param>
    public static string Finish(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
