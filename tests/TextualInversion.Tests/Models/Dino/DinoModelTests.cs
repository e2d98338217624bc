using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Models.Dino;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Dino;

/// <summary>
/// DINOv2 against transformers, on a small model with random weights (<c>Fixtures/dinov2</c>, made by
/// <c>scripts/make-dinov2-cases.py</c>).
/// </summary>
public sealed class DinoModelTests : IDisposable
{
    private static readonly string Folder = Path.Combine(
        Goldens.Repository,
        "tests",
        "TextualInversion.Tests",
        "Fixtures",
        "dinov2"
    );

    private static readonly SafetensorsFile Reference = SafetensorsFile.Open(
        Path.Combine(Folder, "expected.safetensors")
    );

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("learned")]
    [InlineData("smaller")]
    [InlineData("wide")]
    public void Forward_AnySize_EqualsTransformers(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new DinoModel(Folder, CPU);
        var token = model.Forward(Reference.Read($"{name}.pixels"));
        Goldens.AssertClose(Reference.Read($"{name}.token"), token, 1e-4, name);
    }

    [Fact]
    public void Embed_Image_IsTheProcessorsAndTheModelsOfLengthOne()
    {
        using var scope = NewDisposeScope();
        using var scorer = new DinoScorer(Folder, CPU);
        var embedding = scorer.Embed(ImageDecoder.Decode(Goldens.Sample("my-cat", "1.png")));
        var expected = Reference.Read("image.token");
        Goldens.AssertClose(expected / expected.norm(), tensor(embedding).unsqueeze(0), 1e-4, "image");
    }

    [Theory]
    [InlineData("\"hidden_size\": 32", "\"hidden_size\": 64", "expected")]
    [InlineData("\"model_type\": \"dinov2\"", "\"model_type\": \"clip\"", "model_type")]
    [InlineData("\"use_swiglu_ffn\": false", "\"use_swiglu_ffn\": true", "use_swiglu_ffn")]
    [InlineData("\"patch_size\": 14", "\"patch_size\": 0", "patch_size")]
    [InlineData("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2", "does not have")]
    [InlineData("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4", "lacks the tensor")]
    public void Load_ConfigThatDoesNotFit_IsRefused(string from, string to, string expected)
    {
        Copy();
        var config = folder.File("config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace(from, to, StringComparison.Ordinal));
        var error = Assert.Throws<TextualInversionException>(() => new DinoModel(folder.Path, CPU));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("preprocessor_config.json")]
    public void Load_FileThatIsMissing_IsNamed(string name)
    {
        Copy();
        File.Delete(folder.File(name));
        var error = Assert.Throws<TextualInversionException>(() => new DinoScorer(folder.Path, CPU));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private void Copy()
    {
        foreach (var file in Directory.EnumerateFiles(Folder))
            File.Copy(file, folder.File(Path.GetFileName(file)));
    }
}
