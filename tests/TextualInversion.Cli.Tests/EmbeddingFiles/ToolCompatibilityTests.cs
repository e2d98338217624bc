using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.EmbeddingFiles;

/// <summary>The commands for other programs that <c>ti inspect</c> proposes.</summary>
public sealed class ToolCompatibilityTests
{
    [Theory]
    [InlineData(
        "x/half.safetensors",
        EmbeddingFormat.Diffusers,
        EmbeddingContainer.Safetensors,
        ScalarType.Float16,
        1,
        "needs float32: ti convert half.safetensors --to diffusers --dtype float32 --output half-float32.safetensors"
    )]
    [InlineData(
        "x/my cat's.safetensors",
        EmbeddingFormat.Diffusers,
        EmbeddingContainer.Safetensors,
        ScalarType.Float16,
        1,
        @"needs float32: ti convert 'my cat'\''s.safetensors' --to diffusers --dtype float32 "
            + @"--output 'my cat'\''s-float32.safetensors'"
    )]
    [InlineData(
        "learned_embeds.safetensors",
        EmbeddingFormat.Diffusers,
        EmbeddingContainer.Safetensors,
        ScalarType.Float32,
        2,
        "first ti convert learned_embeds.safetensors --to sdxl --output learned_embeds-sdxl.safetensors"
    )]
    [InlineData(
        "webui.pt",
        EmbeddingFormat.WebUi,
        EmbeddingContainer.Torch,
        ScalarType.Float32,
        1,
        "first ti convert webui.pt --to diffusers"
    )]
    internal void Of_FileThatDoesNotLoad_NamesACommandThatKeepsTheFile(
        string path,
        EmbeddingFormat layout,
        EmbeddingContainer container,
        ScalarType type,
        int encoders,
        string how
    )
    {
        using var file = new EmbeddingFile(
            path,
            layout,
            container,
            type,
            new LearnedEmbedding(
                "<x>",
                [.. Enumerable.Range(0, encoders).Select(_ => ones(1, 2))],
                new Dictionary<string, string>()
            )
        );
        // stable-diffusion.cpp accepts the fewest layouts.
        Assert.Equal((false, how), (ToolCompatibility.Of(file)[^1].Loads, ToolCompatibility.Of(file)[^1].How));
    }
}
