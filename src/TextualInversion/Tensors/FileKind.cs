namespace TextualInversion.Tensors;

/// <summary>
/// Recognizes files of tensors by their first bytes. Extensions are not reliable, since people rename files.
/// </summary>
internal static class FileKind
{
    /// <summary>The number of first bytes that the methods below need.</summary>
    public const int PrefixLength = 16;

    public static bool IsZip(ReadOnlySpan<byte> prefix) => prefix.StartsWith("PK\x03\x04"u8);

    /// <summary>A length that fits 32 bits, and the brace that begins a header.</summary>
    public static bool IsSafetensors(ReadOnlySpan<byte> prefix) =>
        prefix.Length > 8 && prefix[8] == '{' && prefix[4..8].IndexOfAnyExcept((byte)0) < 0;

    /// <summary>
    /// A pickle of protocol 2 or later, or the number in text that begins torch files of protocols 0 and 1.
    /// </summary>
    public static bool IsPickle(ReadOnlySpan<byte> prefix) =>
        prefix is [0x80, <= 5, ..] || prefix.StartsWith("L1195470371"u8);

    /// <summary>Refuses a file that is called as torch's are and is neither one nor a safetensors file.</summary>
    /// <exception cref="TextualInversionException">It is neither, nor a mistake that others describe.</exception>
    public static void RefuseOther(string path, ReadOnlySpan<byte> prefix)
    {
        var isCalledSo = Path.GetExtension(path).ToLowerInvariant() is ".pt" or ".bin" or ".ckpt" or ".pth";
        if (isCalledSo && !IsZip(prefix) && !IsPickle(prefix) && !IsSafetensors(prefix) && Mistake(prefix) is null)
            throw new TextualInversionException(
                $"{path}: is not a torch file, which is a zip archive or a pickle, nor a safetensors file; it is "
                    + "damaged, or of another kind."
            );
    }

    /// <summary>
    /// The description of a common mistake, such as a web page instead of weights, and what to do; null if it is not
    /// one of them.
    /// </summary>
    public static string? Mistake(ReadOnlySpan<byte> prefix) =>
        prefix switch
        {
            [] => "it is empty; download it again",
            _ when prefix.StartsWith("version "u8) =>
                "it is a Git LFS pointer; fetch the real file with `git lfs pull`",
            _ when prefix.TrimStart(" \t\r\n\ufeff"u8).StartsWith((byte)'<') =>
                "it is a web page; download the file itself",
            _ => null,
        };

    /// <summary>Whether it is a JPEG, GIF, WebP or AVIF image.</summary>
    public static bool IsImage(ReadOnlySpan<byte> prefix) =>
        prefix is [0xff, 0xd8, 0xff, ..]
        || prefix.StartsWith("GIF8"u8)
        || (prefix.Length >= 12 && prefix.StartsWith("RIFF"u8) && prefix[8..].StartsWith("WEBP"u8))
        || (prefix.Length >= 12 && prefix[4..].StartsWith("ftypavif"u8));
}
