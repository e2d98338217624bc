namespace TextualInversion.Embeddings;

/// <summary>
/// The extensions that other programs take for torch files, so that only torch files may be written under them.
/// </summary>
internal static class TorchExtensions
{
    private static readonly string[] Extensions = [".pt", ".bin", ".ckpt"];

    public static bool Has(string path) => Extensions.Contains(Path.GetExtension(path).ToLowerInvariant());
}
