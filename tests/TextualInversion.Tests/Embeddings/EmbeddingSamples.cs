using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>Embeddings with random values.</summary>
internal static class EmbeddingSamples
{
    /// <summary>An embedding with the number of text encoders that a layout stores, and provenance.</summary>
    public static LearnedEmbedding New(EmbeddingFormat layout)
    {
        using var generator = new Generator(7);
        Tensor[] rows =
            EmbeddingFormats.Encoders(layout) == 2
                ? [randn([3, 4], generator: generator), randn([3, 6], generator: generator)]
                : [randn([3, 4], generator: generator)];
        return new LearnedEmbedding(
            "<my-cat>",
            [.. rows.Select(row => row.DetachFromDisposeScope())],
            new Dictionary<string, string>
            {
                ["steps"] = "70",
                ["base_model"] = "demo",
                ["seed"] = "1",
            }
        );
    }
}
