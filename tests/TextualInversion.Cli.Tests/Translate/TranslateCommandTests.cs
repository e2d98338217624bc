using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Translate;

/// <summary>
/// <c>ti translate</c>, between a small Stable Diffusion 1 and an XL whose first vocabulary is the same and whose
/// second one is a linear image of it with noise.
/// </summary>
public sealed class TranslateCommandTests : IDisposable
{
    private const string Table = "text_model.embeddings.token_embedding.weight";

    private readonly TemporaryFolder folder = new();

    private static string Sd1 => Goldens.Path("models", "sd1");

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Translate_Sd1ToXlAndBack_CopiesTheSharedEncoderAndMapsTheOther()
    {
        var model = MakeXl(noise: 0.1, out var truth);
        using var given = Word("cat");
        var path = Write("my-cat.safetensors", given, Sd1);

        var (exitCode, output, error) = await TranslateAsync(path, "xl.safetensors", "--to-model", model);

        Assert.True(exitCode == 0, error);
        Assert.Contains("text encoder 1: copied from text encoder 1, which has the same vocabulary", output);
        Assert.Contains("text encoder 2: mapped, by 825 common tokens", output);
        Assert.DoesNotContain("warning", error);
        using var xl = EmbeddingFile.Read(folder.File("xl.safetensors"));
        Assert.Equal("<my-cat>", xl.Trigger);
        Assert.Equal(Values(given), Values(xl.Rows[0]));
        Assert.True(Cosine(xl.Rows[1], truth) > 0.95, $"{Cosine(xl.Rows[1], truth)}");
        Assert.Equal(model, EmbeddingProvenance.FromMetadata(xl.Provenance).BaseModel);

        // Back, by the model that the file records.
        var (backCode, _, backError) = await TranslateAsync(
            folder.File("xl.safetensors"),
            "back.safetensors",
            "--to-model",
            Sd1
        );
        Assert.True(backCode == 0, backError);
        using var back = EmbeddingFile.Read(folder.File("back.safetensors"));
        Assert.Equal(Values(given), Values(Assert.Single(back.Rows)));
    }

    [Fact]
    public async Task Translate_Json_ReportsTheMapAgainstTheNearestWord()
    {
        var model = MakeXl(noise: 0.1, out _);
        using var given = Word("cat");
        var path = Write("my-cat.safetensors", given, Sd1);

        var (_, output, _) = await TranslateAsync(path, "xl.safetensors", "--to-model", model, "--json");

        using var json = JsonDocument.Parse(output);
        var encoders = json.RootElement.GetProperty("textEncoders");
        Assert.Equal(0, encoders[0].GetProperty("copiedFrom").GetInt32());
        var quality = encoders[1].GetProperty("quality");
        Assert.InRange(quality.GetProperty("cosine").GetDouble(), 0.95, 1);
        Assert.InRange(quality.GetProperty("nearestWordCosine").GetDouble(), -1, 0.7);
        Assert.Equal(83, quality.GetProperty("tokens").GetInt32());
    }

    [Fact]
    public async Task Translate_VocabulariesWithNothingInCommon_IsWarnedAbout()
    {
        using var given = Word("cat");
        var path = Write("my-cat.safetensors", given, Sd1);

        // The rows of these two random models are independent.
        var (exitCode, output, _) = await TranslateAsync(
            path,
            "xl.safetensors",
            "--to-model",
            Goldens.Path("models", "sd2"),
            "--json"
        );

        Assert.Equal(0, exitCode);
        using var json = JsonDocument.Parse(output);
        var quality = json.RootElement.GetProperty("textEncoders")[0].GetProperty("quality");
        Assert.InRange(quality.GetProperty("cosine").GetDouble(), -0.3, 0.3);
    }

    [Fact]
    public async Task Translate_EmbeddingOfAnotherWidthThanItsModel_IsRefused()
    {
        using var given = Word("cat");
        var path = Write("my-cat.safetensors", given, Sd1);

        var (exitCode, _, error) = await TranslateAsync(
            path,
            "xl.safetensors",
            "--from-model",
            Goldens.Path("models", "sd2"),
            "--to-model",
            Sd1
        );

        Assert.Equal(1, exitCode);
        Assert.Contains("its vectors are 32 wide and the model's 48", error);
        Assert.False(File.Exists(folder.File("xl.safetensors")));
    }

    [Fact]
    public async Task Translate_UnknownOrigin_AsksForTheModel()
    {
        using var given = Word("cat");
        var path = Write("my-cat.safetensors", given, model: null);

        var (exitCode, _, error) = await TranslateAsync(path, "xl.safetensors", "--to-model", Sd1);

        Assert.Equal(2, exitCode);
        Assert.Contains("--from-model: <my-cat> does not record the model that it was trained on", error);
    }

    /// <summary>The LoRA is recorded where it fits, and said to be missing where it does not.</summary>
    [Theory]
    [InlineData("sd1", true)]
    [InlineData("sd2", false)]
    public async Task Translate_TrainedWithALora_KeepsItForTheSameKindOfModelAlone(string to, bool isKept)
    {
        using var given = Word("cat");
        var lora = new Lora("loras/dots.safetensors", 0.5) { TextStrength = 1 };
        var hashes = new Dictionary<string, string> { [lora.Path] = new('a', 64) };
        var path = Write("my-cat.safetensors", given, Sd1, lora, hashes);

        var (exitCode, _, error) = await TranslateAsync(
            path,
            "new.safetensors",
            "--to-model",
            Goldens.Path("models", to)
        );

        Assert.True(exitCode == 0, error);
        using var read = EmbeddingFile.Read(folder.File("new.safetensors"));
        var provenance = EmbeddingProvenance.FromMetadata(read.Provenance);
        Assert.Equal(isKept ? [lora] : [], provenance.Loras);
        Assert.Equal(isKept ? hashes : [], provenance.LoraSha256);
        Assert.Equal(
            !isKept,
            error.Contains("trained together with loras/dots.safetensors@0.5, for", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Translate_NoSuchModel_NamesTheOption()
    {
        using var given = Word("cat");
        var path = Write("my-cat.safetensors", given, Sd1);

        var (exitCode, _, error) = await TranslateAsync(path, "new.safetensors", "--to-model", "nowhere");

        Assert.Equal(1, exitCode);
        Assert.Contains("--to-model also takes a folder", error);
    }

    private Task<(int ExitCode, string Output, string Error)> TranslateAsync(
        string path,
        string output,
        params string[] more
    ) => TiRunner.RunAsync(["translate", path, "--output", folder.File(output), .. more]);

    private string Write(
        string name,
        Tensor rows,
        string? model,
        Lora? lora = null,
        Dictionary<string, string>? loraHashes = null
    )
    {
        var provenance = new EmbeddingProvenance
        {
            BaseModel = model,
            Loras = lora is null ? [] : [lora],
            LoraSha256 = loraHashes ?? [],
        }.ToMetadata();
        using var embedding = new LearnedEmbedding("<my-cat>", [rows.alias()], provenance);
        EmbeddingFile.Write(folder.File(name), embedding, overwrite: false);
        return folder.File(name);
    }

    /// <summary>The row of a word of the small models, (1, 32).</summary>
    private static Tensor Word(string word)
    {
        using var scope = NewDisposeScope();
        var id = DemoTokenizer.Id(word);
        return Sd1Table().narrow(0, id, 1).to(ScalarType.Float32, copy: true).MoveToOuterDisposeScope();
    }

    private static Tensor Sd1Table() =>
        SafetensorsFile.Open(Path.Combine(Sd1, "text_encoder/model.safetensors")).Read(Table);

    /// <summary>Makes the XL model.</summary>
    /// <param name="noise">The noise of its second vocabulary, relative to its rows.</param>
    /// <param name="truth">The second vocabulary's row of cat, (1, 48).</param>
    private string MakeXl(double noise, out Tensor truth)
    {
        var model = folder.File("xl");
        foreach (var file in Directory.EnumerateFiles(Goldens.Path("models", "sdxl"), "*", SearchOption.AllDirectories))
            folder.Write(
                Path.Combine("xl", Path.GetRelativePath(Goldens.Path("models", "sdxl"), file)),
                File.ReadAllBytes(file)
            );
        File.Delete(Path.Combine(model, "text_encoder/model.fp16.safetensors"));
        foreach (var name in new[] { "config.json", "model.safetensors" })
            File.Copy(
                Path.Combine(Sd1, "text_encoder", name),
                Path.Combine(model, "text_encoder", name),
                overwrite: true
            );
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var second = Path.Combine(model, "text_encoder_2/model.fp16.safetensors");
        var own = SafetensorsFile.Open(second);
        var tensors = own.Tensors.Keys.ToDictionary(key => key, key => own.Read(key).clone());
        var table = Sd1Table().to(ScalarType.Float32);
        var image = table.mm(randn([32, 48], generator: generator));
        image = image.add(randn(image.shape, generator: generator).mul(image.std()).mul(noise));
        tensors[Table] = image.to(tensors[Table].dtype);
        File.Delete(second);
        SafetensorsFile.Write(second, tensors, new Dictionary<string, string>(), overwrite: false);
        truth = image.narrow(0, DemoTokenizer.Id("cat"), 1).clone().MoveToOuterDisposeScope();
        return model;
    }

    private static float[] Values(Tensor rows) => rows.data<float>().ToArray();

    private static double Cosine(Tensor one, Tensor other) =>
        nn.functional.cosine_similarity(one, other, dim: 1).item<float>();
}
