namespace TextualInversion.Embeddings;

/// <summary>
/// The names by which other programs take a file for one of torch: what is written under them must be one.
/// </summary>
internal static class TorchExtensions
{
    private static readonly string[] Endings = [".pt", ".bin", ".ckpt"];

    public static bool Has(string path) => Endings.Contains(Path.GetExtension(path).ToLowerInvariant());
}
