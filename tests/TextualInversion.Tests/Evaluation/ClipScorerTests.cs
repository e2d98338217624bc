using System.Text.Json;
using System.Text.Json.Nodes;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Evaluation;

[Trait("Category", Goldens.Category)]
public sealed class ClipScorerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static string Folder => Goldens.Path("models", "clip");

    private static SafetensorsFile Numbers => Goldens.Open("clip.safetensors");

    private static string[] Prompts => JsonSerializer.Deserialize<string[]>(Numbers.Metadata["prompts"])!;

    private static RgbImage[] Images =>
        [
            .. Enumerable
                .Range(0, (int)Numbers.Tensors["pixel_values"].Shape[0])
                .Select(i => PillowFixture.Image(Numbers, $"image{i}")),
        ];

    private static int Side => (int)Numbers.Tensors["pixel_values"].Shape[^1];

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Prepare_GoldenImages_EqualsTransformers()
    {
        using var scope = NewDisposeScope();
        var prepared = Images.Select(new ClipImageProcessor(Folder, Side).Prepare).ToList();

        Goldens.AssertClose(Numbers.Read("pixel_values"), cat(prepared, dim: 0), 1e-4, "pixel_values");
    }

    [Fact]
    public void Tokenize_GoldenPrompts_EqualsTransformers()
    {
        using var scope = NewDisposeScope();
        var tokens = new PromptTokenizer(ClipTokenizer.Load(Folder), []).Tokenize(Prompts);

        Assert.Equal(Numbers.Read("ids").data<long>().ToArray(), tokens.Ids.Cast<long>());
    }

    [Fact]
    public void Embed_GoldenImagesAndPrompts_EqualsTransformers()
    {
        using var scope = NewDisposeScope();
        using var scorer = new ClipScorer(Folder, CPU);

        var images = Images.Select(scorer.Embed).ToArray();
        var texts = Prompts.Select(scorer.Embed).ToArray();

        Goldens.AssertClose(UnitLength("image_embeds"), Stack(images), 1e-4, "image_embeds");
        Goldens.AssertClose(UnitLength("text_embeds"), Stack(texts), 1e-4, "text_embeds");
        var cosines = images
            .Select(image => texts.Select(text => (float)ClipScorer.Cosine(image, text)).ToArray())
            .ToArray();
        Goldens.AssertClose(Numbers.Read("cosine"), Stack(cosines), 1e-4, "cosine");
    }

    [Fact]
    public void Constructor_MissingTensor_NamesIt() =>
        Refuses(
            "lacks the tensor vision_model.pre_layrnorm.weight",
            (tensors, _) => tensors.Remove("vision_model.pre_layrnorm.weight")
        );

    [Fact]
    public void Constructor_NoImageTower_SaysSo() =>
        Refuses("has no vision_config", (_, config) => config.Remove("vision_config"));

    [Fact]
    public void Constructor_NoWeightsOfTheImageTower_NamesOne() =>
        Refuses(
            "lacks the tensor vision_model.",
            (tensors, _) =>
            {
                foreach (var key in tensors.Keys.Where(key => key.StartsWith("vi", StringComparison.Ordinal)).ToList())
                    tensors.Remove(key);
            }
        );

    [Fact]
    public void Constructor_OtherWidth_NamesTheKey() =>
        Refuses(
            "config.json: projection_dim is ",
            (_, config) => config["projection_dim"] = config["projection_dim"]!.GetValue<int>() + 1
        );

    [Fact]
    public void Constructor_StrangeTensor_NamesIt() =>
        Refuses("holds stranger", (tensors, _) => tensors["stranger"] = zeros(1));

    [Fact]
    public void Constructor_NoFolderOfAClip_SaysSo()
    {
        var error = Assert.Throws<TextualInversionException>(() => new ClipScorer(folder.Path, CPU));
        Assert.Contains("has no config.json", error.Message);
    }

    [Theory]
    [InlineData("\"resample\": 2")]
    [InlineData("\"image_mean\": [0.5]")]
    [InlineData("\"size\": \"large\"")]
    [InlineData("\"size\": {\"longest_edge\": 32}")]
    [InlineData("\"crop_size\": 31")]
    public void Preparation_NotSupported_NamesTheFile(string setting)
    {
        folder.Write(ClipImageProcessor.ConfigFile, $"{{{setting}}}");

        var error = Assert.Throws<TextualInversionException>(() => new ClipImageProcessor(folder.Path, 32));

        Assert.Contains(ClipImageProcessor.ConfigFile, error.Message);
    }

    [Theory]
    [InlineData("{\"size\": SIDE, \"crop_size\": SIDE}")]
    [InlineData("{}")]
    public void Preparation_FilesOf2022_IsTheSame(string config)
    {
        using var scope = NewDisposeScope();
        folder.Write(ClipImageProcessor.ConfigFile, config.Replace("SIDE", $"{Side}", StringComparison.Ordinal));
        var image = Images[0];

        var prepared = new ClipImageProcessor(folder.Path, Side).Prepare(image);

        Goldens.AssertClose(new ClipImageProcessor(Folder, Side).Prepare(image), prepared, 1e-7, "pixels");
    }

    private void Refuses(string expected, Action<Dictionary<string, Tensor>, JsonObject> change)
    {
        using var scope = NewDisposeScope();
        foreach (var file in Directory.EnumerateFiles(Folder))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        var weights = SafetensorsFile.Open(folder.File("model.safetensors"));
        var tensors = weights.Tensors.Keys.ToDictionary(key => key, key => weights.Read(key).clone());
        var config = JsonNode.Parse(File.ReadAllText(folder.File("config.json")))!.AsObject();
        change(tensors, config);
        File.WriteAllText(folder.File("config.json"), config.ToJsonString());
        SafetensorsFile.Write(folder.File("model.safetensors"), tensors, weights.Metadata, overwrite: true);

        var error = Assert.Throws<TextualInversionException>(() => new ClipScorer(folder.Path, CPU));

        Assert.Contains(expected, error.Message);
        Assert.Contains(folder.Path, error.Message);
    }

    private static Tensor UnitLength(string name)
    {
        var embeds = Numbers.Read(name);
        return embeds / embeds.square().sum(1, keepdim: true).sqrt();
    }

    private static Tensor Stack(float[][] vectors) => stack(vectors.Select(vector => tensor(vector)));
}
