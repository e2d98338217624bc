using TextualInversion.Embeddings;

namespace TextualInversion.Cli.EmbeddingFiles;

/// <summary>A folder that people keep embeddings in.</summary>
internal static class EmbeddingFolder
{
    /// <summary>The files that may be embeddings, in the order of their names; without second files of pairs, which are read with the first. None where there is no such folder.</summary>
    public static IEnumerable<string> Files(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        var files = Directory
            .EnumerateFiles(folder)
            .Where(file => EmbeddingFile.Endings.Contains(Path.GetExtension(file).ToLowerInvariant()))
            .ToHashSet(StringComparer.Ordinal);
        return files.Where(file => !IsSecond(file, files)).Order(StringComparer.Ordinal);
    }

    /// <summary>learned_embeds_2 beside learned_embeds, as diffusers' script for SDXL calls them.</summary>
    private static bool IsSecond(string file, HashSet<string> files) =>
        Path.GetFileNameWithoutExtension(file) == "learned_embeds_2"
        && files.Contains(file.Replace("learned_embeds_2", "learned_embeds", StringComparison.Ordinal));
}
