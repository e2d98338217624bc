using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Embeddings;

/// <summary>Embeddings inside LoRA files.</summary>
public sealed class BundledEmbeddingsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("string_to_param.*")] // the WebUI
    [InlineData("emb_params")]
    [InlineData("emp_params")] // OneTrainer
    [InlineData("clip_l")]
    [InlineData("<my-cat>")]
    public void OpenAll_LoraWithAnEmbedding_IsTheEmbedding(string key)
    {
        var path = Write(($"bundle_emb.my-cat.{key}", [2, 4]), ("lora_unet_x.lora_up.weight", [4, 1]));

        using var file = Assert.Single(EmbeddingFile.OpenAll(path));

        Assert.Equal(("my-cat", 2), (file.Embedding.Trigger, file.Embedding.Vectors));
        Assert.Equal(EmbeddingContainer.Safetensors, file.Container);
        Assert.Contains("bundled with other tensors", file.Origin, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenAll_SeveralOfDifferentLayouts_AreReadInTheOrderOfTheirNames()
    {
        var path = Write(
            ("bundle_emb.b.clip_l", [1, 768]),
            ("bundle_emb.b.clip_g", [1, 1280]),
            ("bundle_emb.a.emp_params", [3, 4]),
            ("bundle_emb.a.emp_params_out", [3, 4])
        );

        var files = EmbeddingFile.OpenAll(path);

        Assert.Equal(["a", "b"], files.Select(file => file.Embedding.Trigger));
        Assert.Equal(
            [
                [4],
                [768, 1280],
            ],
            files.Select(file => file.Embedding.Widths.ToArray())
        );
        Assert.Equal(["emp_params_out"], files[0].OutputKeys);
        Assert.Equal(EmbeddingFormat.Sdxl, files[1].Layout);
        foreach (var file in files)
            file.Dispose();
    }

    [Theory]
    [InlineData("bundle_emb.my-cat.t5", "which no supported model has")]
    [InlineData("bundle_emb.my-cat.clip_l_out", "only output embeddings")]
    public void OpenAll_OtherEncoders_AreNamed(string key, string expected)
    {
        var error = Assert.Throws<TextualInversionException>(() => EmbeddingFile.OpenAll(Write((key, [2, 4]))));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Files of one tensor that is named after an encoder are no embeddings of that name.</summary>
    [Theory]
    [InlineData("t5", "which no supported model has")]
    [InlineData("emp_params_out", "only output embeddings")]
    public void Open_OneKeyThatIsAnEncoders_IsNamed(string key, string expected)
    {
        var error = Assert.Throws<TextualInversionException>(() => EmbeddingFile.Open(Write((key, [2, 4]))));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private string Write(params (string Key, long[] Shape)[] tensors)
    {
        using var scope = NewDisposeScope();
        var path = folder.File("file.safetensors");
        SafetensorsFile.Write(
            path,
            tensors.ToDictionary(tensor => tensor.Key, tensor => ones(tensor.Shape)),
            new Dictionary<string, string>(),
            overwrite: true
        );
        return path;
    }
}
