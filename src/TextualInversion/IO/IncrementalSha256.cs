using System.Security.Cryptography;

namespace TextualInversion.IO;

/// <summary>SHA-256 of bytes that come one after another. It works without OpenSSL too, only slower.</summary>
internal sealed class IncrementalSha256 : IDisposable
{
    private readonly IncrementalHash? fast;
    private readonly ManagedSha256? managed;

    public IncrementalSha256()
        : this(OpenSsl.IsAvailable) { }

    /// <param name="isFast">Whether to use the system's implementation.</param>
    internal IncrementalSha256(bool isFast)
    {
        if (isFast)
            fast = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        else
            managed = new ManagedSha256();
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (fast is not null)
            fast.AppendData(bytes);
        else
            managed!.Append(bytes);
    }

    /// <summary>The hash of everything that was appended. Nothing can be appended afterwards.</summary>
    public byte[] Finish() => fast?.GetHashAndReset() ?? managed!.Finish();

    /// <summary>The same as 64 lower-case hexadecimal digits.</summary>
    public string FinishAsText() => Convert.ToHexStringLower(Finish());

    public void Dispose() => fast?.Dispose();
}
