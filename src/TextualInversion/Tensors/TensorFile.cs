using TextualInversion.Tensors.Torch;

namespace TextualInversion.Tensors;

/// <summary>Opens a file of tensors by its content, whatever its extension.</summary>
internal static class TensorFile
{
    /// <exception cref="TextualInversionException">
    /// The file is missing, truncated, malformed, or neither safetensors nor torch.
    /// </exception>
    public static ITensorFile Open(string path) => Open(new FileSource(path));

    internal static ITensorFile Open(FileSource source)
    {
        var prefix = source.Prefix();
        FileKind.RefuseOther(source.Path, prefix);
        return !FileKind.IsSafetensors(prefix) && (FileKind.IsZip(prefix) || FileKind.IsPickle(prefix))
            ? TorchFile.Open(source)
            : SafetensorsFile.Open(source);
    }
}
