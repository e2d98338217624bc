using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>
/// The hash that names a blob: SHA-256 of the content for files in large-file storage, otherwise git's SHA-1 of the
/// object (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
/// </summary>
internal static class BlobHash
{
    private const int Sha256Length = 64;

    /// <summary>The file's hash, of the kind that <paramref name="blob"/> is.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="TextualInversionException">OpenSSL is not installed.</exception>
    public static async Task<string> OfAsync(string path, string blob, CancellationToken cancellationToken)
    {
        OpenSsl.Require("checking a file of the hub");
        await using var stream = new FileStream(
            path,
            FileMode.Open,
            FileAccess.Read,
            FileShare.Read,
            bufferSize: 0,
            FileOptions.Asynchronous | FileOptions.SequentialScan
        );
        using var hash =
            blob.Length == Sha256Length
                ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256)
                : GitObject(stream.Length);
        var buffer = new byte[1 << 20];
        while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            hash.AppendData(buffer, 0, read);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    [SuppressMessage("Security", "CA5350", Justification = "git names its objects so")]
    private static IncrementalHash GitObject(long length)
    {
        var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {length}\0")));
        return hash;
    }
}
