using System.Text.Json.Nodes;
using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints;

public sealed class SingleFileModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Every single file among the goldens, and the folder of the same weights.</summary>
    public static TheoryData<string, string> Files =>
    [
        .. from file in Directory.GetFiles(Goldens.Path("models"), "*-original.*").Order(StringComparer.Ordinal)
           let name = Path.GetFileName(file)
           select (name, name[..name.IndexOf("-original", StringComparison.Ordinal)]),
    ];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Category", Goldens.Category)]
    public void Weights_OfEveryPart_EqualTheFolders(string file, string name)
    {
        var expected = new ModelFolder(Goldens.Path("models", name));
        var model = new SingleFileModel(OriginalCheckpoint.Open(Goldens.Path("models", file)), expected);
        string[] parts = ["unet", "vae", "text_encoder", .. model.Family == ModelFamily.StableDiffusionXl ? (string[])["text_encoder_2"] : []];
        foreach (var part in parts) AssertEqual(expected.Weights(part), model.Weights(part));
    }

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("Category", Goldens.Category)]
    public void Model_OfOneFile_MakesTheSamePictureAsTheFolder(string file, string name)
    {
        var folderFiles = new ModelFolder(Goldens.Path("models", name));
        var expected = Picture(folderFiles);
        var actual = Picture(new SingleFileModel(OriginalCheckpoint.Open(Goldens.Path("models", file)), folderFiles));
        Assert.Equal(expected, actual);
    }

    /// <summary>One step of noise prediction and a decoding, which use every part.</summary>
    private static byte[] Picture(IModelFiles files)
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Open(files, CPU, ScalarType.Float32);
        using var generator = new Generator(7);
        var prompts = model.Tokenizers.Select(tokenizer => PromptTokensOf(tokenizer, "a photo of a cat")).ToList();
        var size = model.Resolution;
        var conditioning = model.EncodePrompts(prompts, null, [PictureGeometry.Whole(size, size)]);
        var latents = randn([1, 4, size / model.PixelsPerCell, size / model.PixelsPerCell], generator: generator);
        var noise = model.PredictNoise(latents, tensor(new[] { 500L }), conditioning);
        return [.. model.DecodeLatents(latents - noise).bytes];
    }
}
