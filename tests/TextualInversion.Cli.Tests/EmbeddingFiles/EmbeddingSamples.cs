using TextualInversion.Embeddings;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary>Embeddings with known values.</summary>
internal static class EmbeddingSamples
{
    /// <summary>Writes an embedding in diffusers' layout, and returns its path.</summary>
    public static string WriteEmbedding(this TemporaryFolder folder, string name, string trigger, params float[][] rows)
    {
        using var embedding = new LearnedEmbedding(
            trigger,
            [tensor(rows.SelectMany(row => row).ToArray(), [rows.Length, rows[0].Length])],
            new Dictionary<string, string> { ["steps"] = "7", ["seed"] = "1" }
        );
        DiffusersFormat.Write(folder.File(name), embedding, overwrite: false);
        return folder.File(name);
    }

    /// <summary>The values of the vectors for the first text encoder.</summary>
    public static float[] Values(LearnedEmbedding embedding) => embedding.Rows[0].data<float>().ToArray();
}
