using TextualInversion.Embeddings;
using TextualInversion.IO;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>A folder of embeddings, with sub-folders.</summary>
internal static class EmbeddingFolder
{
    private const string Safetensors = ".safetensors";

    /// <summary>
    /// The files that may be embeddings: safetensors files first, those of the folder itself before those of
    /// sub-folders, which may hold copies for other programs, then in the order of their names. Without second files of
    /// pairs, which are read with the first, and without preview images. Empty where there is no such folder.
    /// </summary>
    public static IEnumerable<string> Files(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        var files = FolderTree
            .Files(folder)
            .Where(file => EmbeddingFile.Extensions.Contains(ExtensionOf(file)))
            .ToHashSet(StringComparer.Ordinal);
        return files
            .Where(file => !IsSecond(file, files) && !IsPreview(file, files))
            .OrderBy(file => ExtensionOf(file) != Safetensors)
            .ThenBy(file => file.Count(character => character == Path.DirectorySeparatorChar))
            .ThenBy(file => file, StringComparer.Ordinal);
    }

    /// <summary>The tokens that prompts may call, as the names of the files say; no file is read.</summary>
    public static IEnumerable<string> Tokens(string folder) =>
        Files(folder).Select(file => $"<{Path.GetFileNameWithoutExtension(file).Replace(' ', '-')}>").Distinct();

    private static string ExtensionOf(string file) => Path.GetExtension(file).ToLowerInvariant();

    /// <summary>learned_embeds_2 next to learned_embeds, as diffusers' script for SDXL calls them.</summary>
    private static bool IsSecond(string file, HashSet<string> files) =>
        Path.GetFileNameWithoutExtension(file) == "learned_embeds_2"
        && files.Contains(file.Replace("learned_embeds_2", "learned_embeds", StringComparison.Ordinal));

    /// <summary>
    /// An image called as an embedding next to it, or NAME.preview.png, as the WebUI shows them; unless it has an
    /// embedding in its texts.
    /// </summary>
    private static bool IsPreview(string file, HashSet<string> files)
    {
        if (ExtensionOf(file) != ".png")
            return false;
        var stem = file[..^".png".Length];
        var isCalledSo =
            stem.EndsWith(".preview", StringComparison.OrdinalIgnoreCase)
            || EmbeddingFile.Extensions.Any(extension => extension != ".png" && files.Contains(stem + extension));
        return isCalledSo && !PngCardFormat.IsCard(file);
    }
}
