namespace TextualInversion.Embeddings;

/// <summary>
/// The extensions that other programs take for torch files, so that only torch files may be written under them.
/// </summary>
internal static class TorchExtensions
{
    /// <summary>The usual one first.</summary>
    public static IReadOnlyList<string> All { get; } = [".pt", ".bin", ".ckpt"];

    public static bool Has(string path) => All.Contains(Path.GetExtension(path).ToLowerInvariant());
}
