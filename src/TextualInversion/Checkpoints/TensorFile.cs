namespace TextualInversion.Checkpoints;

/// <summary>Opens a file of tensors as what its content says it is, whatever its name.</summary>
public static class TensorFile
{
    /// <exception cref="TextualInversionException">The file is missing, truncated, malformed, or neither safetensors nor torch.</exception>
    public static ITensorFile Open(string path)
    {
        var prefix = Prefix(path);
        return !FileKind.IsSafetensors(prefix) && (FileKind.IsZip(prefix) || FileKind.IsPickle(prefix)) ? TorchFile.Open(path) : SafetensorsFile.Open(path);
    }

    /// <summary>The first bytes, as <see cref="FileKind"/> wants them.</summary>
    internal static byte[] Prefix(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var prefix = new byte[FileKind.PrefixLength];
            return prefix[..stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be read ({error.Message.TrimEnd('.')}).", error);
        }
    }
}
