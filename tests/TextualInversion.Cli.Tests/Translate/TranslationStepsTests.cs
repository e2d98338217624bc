using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Cli.Translate;
using TextualInversion.Embeddings;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Translate;

/// <summary><c>ti translate --images</c>, on the small models.</summary>
[Trait("Category", Goldens.Category)]
public sealed class TranslationStepsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static string Images => Goldens.Sample("my-cat");

    public void Dispose() => folder.Dispose();

    /// <summary>The steps start from the translation, leave the model as it is, and the file says all of it.</summary>
    [Theory]
    [InlineData("sd1", "sdxl")]
    [InlineData("sdxl", "sd1")]
    public async Task Translate_WithImages_TrainsTheTranslatedRows(string from, string to)
    {
        var source = Write(from);
        var model = Goldens.Path("models", to);
        var (plainCode, _, plainError) = await TranslateAsync(source, "plain.safetensors", "--to-model", model);

        var (exitCode, output, error) = await TranslateAsync(
            source,
            "trained.safetensors",
            "--to-model",
            model,
            "--images",
            Images,
            "--steps",
            "40",
            "--batch",
            "2",
            "--json"
        );

        Assert.True((plainCode, exitCode) == (0, 0), plainError + error);
        using var plain = EmbeddingFile.Read(folder.File("plain.safetensors"));
        using var trained = EmbeddingFile.Read(folder.File("trained.safetensors"));
        Assert.Equal(plain.Widths, trained.Widths);
        Assert.Equal(2, trained.Vectors);
        using var json = JsonDocument.Parse(output);
        var training = json.RootElement.GetProperty("training");
        Assert.Equal(40, training.GetProperty("steps").GetInt32());
        var best = training.GetProperty("bestStep").GetInt32();
        Assert.InRange(best, 1, 40); // a step was better than the translation; of a few steps, by chance none is
        foreach (var (one, other) in plain.Rows.Zip(trained.Rows))
        {
            Assert.NotEqual(Values(one), Values(other));
            // These steps do not go far: the start was the translation.
            using var cosine = nn.functional.cosine_similarity(one, other, dim: 1).min();
            Assert.InRange(cosine.item<float>(), 0.9f, 1);
        }

        var weights = training.GetProperty("baseWeights").EnumerateObject().ToList();
        Assert.NotEmpty(weights);
        Assert.All(
            weights,
            part =>
                Assert.Equal(part.Value.GetProperty("before").GetString(), part.Value.GetProperty("after").GetString())
        );
        var provenance = EmbeddingProvenance.FromMetadata(trained.Provenance);
        Assert.Equal((model, best, 0ul), (provenance.BaseModel, provenance.Steps, provenance.Seed));
        Assert.Equal((source, Sha256(source)), (provenance.InitializerFile, provenance.InitializerSha256));
        Assert.Equal("<my-cat>", provenance.Others["translated_from"]);
        Assert.Equal(Goldens.Path("models", from), provenance.Others["translated_from_model"]);
        Assert.NotNull(provenance.BaseModelSha256);
    }

    [Fact]
    public async Task Translate_SameTwice_GivesTheSameBytesAndAnotherPropertyOthers()
    {
        var source = Write("sd1");
        string[] wanted = ["--to-model", Goldens.Path("models", "sd1"), "--images", Images, "--steps", "1"];

        var one = await TranslateAsync(source, "one.safetensors", [.. wanted, "--batch", "1"]);
        var same = await TranslateAsync(source, "same.safetensors", [.. wanted, "--batch", "1"]);
        var style = await TranslateAsync(
            source,
            "style.safetensors",
            [.. wanted, "--batch", "1", "--property", "style", "--token", "my-style"]
        );

        Assert.True((one.ExitCode, same.ExitCode, style.ExitCode) == (0, 0, 0), one.Error + same.Error + style.Error);
        Assert.Equal(Sha256(folder.File("one.safetensors")), Sha256(folder.File("same.safetensors")));
        using var first = EmbeddingFile.Read(folder.File("one.safetensors"));
        using var other = EmbeddingFile.Read(folder.File("style.safetensors"));
        Assert.Equal("<my-style>", other.Trigger);
        Assert.NotEqual(Values(first.Rows[0]), Values(other.Rows[0]));
    }

    /// <summary>Before anything is loaded: neither the embedding nor the model exists.</summary>
    [Theory]
    [InlineData("--steps", "5")]
    [InlineData("--batch", "1")]
    [InlineData("--property", "style")]
    public async Task Translate_StepsWithoutImages_AreRefused(string option, string value)
    {
        var (exitCode, _, error) = await TranslateAsync(
            folder.File("none.safetensors"),
            "new.safetensors",
            "--to-model",
            "nowhere",
            option,
            value
        );

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains($"error: {option}: is for steps on images after the translation", error);
    }

    [Theory]
    [InlineData("--steps", "0")]
    [InlineData("--batch", "0")]
    [InlineData("--property", "both")]
    public async Task Translate_ValueOutOfItsRange_IsRefused(string option, string value)
    {
        var (exitCode, _, error) = await TranslateAsync(
            Write("sd1"),
            "new.safetensors",
            "--to-model",
            Goldens.Path("models", "sd1"),
            "--images",
            Images,
            option,
            value
        );

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains($"{option} {value}", error);
        Assert.False(File.Exists(folder.File("new.safetensors")));
    }

    /// <summary>Before the model is looked for, which does not exist either.</summary>
    [Theory]
    [InlineData("missing", "missing")]
    [InlineData("damaged", "1.png")]
    public async Task Translate_ImagesThatCannotBeRead_AreRefusedFirst(string images, string named)
    {
        var damaged = await File.ReadAllBytesAsync(Path.Combine(Images, "1.png"));
        folder.Write("damaged/1.png", damaged[..(damaged.Length / 2)]);

        var (exitCode, _, error) = await TranslateAsync(
            Write("sd1"),
            "new.safetensors",
            "--to-model",
            "nowhere",
            "--images",
            folder.File(images)
        );

        Assert.Equal(1, exitCode);
        Assert.Contains(named, error);
        Assert.DoesNotContain("nowhere", error);
        Assert.False(File.Exists(folder.File("new.safetensors")));
    }

    [Fact]
    public async Task Translate_TrainedWithALora_SaysThatTheStepsAreWithoutIt()
    {
        var source = Write("sd1", new Lora("loras/dots.safetensors"));

        var (exitCode, _, error) = await TranslateAsync(
            source,
            "new.safetensors",
            "--to-model",
            Goldens.Path("models", "sd1"),
            "--images",
            Images,
            "--steps",
            "1",
            "--batch",
            "1"
        );

        Assert.True(exitCode == 0, error);
        Assert.Contains("together with loras/dots.safetensors; the steps on the images are without", error);
        using var read = EmbeddingFile.Read(folder.File("new.safetensors"));
        Assert.Empty(EmbeddingProvenance.FromMetadata(read.Provenance).Loras);
    }

    /// <summary>Canceled in the first of many steps: the best vectors so far are the result.</summary>
    [Fact]
    public async Task Run_CanceledWhileTraining_ReturnsTheBestSoFar()
    {
        using var start = EmbeddingFile.Read(Write("sd1"));
        using var canceling = new CancellationTokenSource();
        using var error = new CancelingWriter("step 1/", canceling);

        var (embedding, taken) = await TranslationSteps.RunAsync(
            Request(start, steps: 5000),
            start,
            new ModelLocator(_ => null),
            new ConsoleLog(error, quiet: false),
            canceling.Token
        );

        using (embedding)
        {
            Assert.Equal(TrainingEnd.Cancelled, taken.End);
            Assert.InRange(taken.Steps, 1, 4999);
            Assert.InRange(taken.BestStep, 0, taken.Steps);
            Assert.Equal(start.Widths, embedding.Widths);
            Assert.Equal(taken.BestStep.ToString(CultureInfo.InvariantCulture), embedding.Provenance["steps"]);
        }
    }

    private Task<(int ExitCode, string Output, string Error)> TranslateAsync(
        string path,
        string output,
        params string[] more
    ) => TiRunner.RunAsync(["translate", path, "--output", folder.File(output), .. more]);

    private static TrainRequest Request(LearnedEmbedding start, int steps) =>
        new()
        {
            Placeholder = Placeholder.Parse(start.Trigger, start.Vectors),
            Images = [Images],
            Options = new TrainOptions
            {
                Initializer = "given",
                Vectors = start.Vectors,
                Steps = steps,
                BatchSize = 1,
            },
            Seeds = 1,
            Model = new ModelRequest(Goldens.Path("models", "sd1")),
            Device = "auto",
            Precision = Precision.Auto,
            Given = new GivenRows(start.Rows, "given.safetensors", new string('a', 64)),
            UsesLatentCache = false,
        };

    /// <summary>Writes an embedding of two vectors for a model.</summary>
    private string Write(string model, Lora? lora = null)
    {
        var path = folder.File($"{model}.safetensors");
        using var generator = new Generator(1);
        long[] widths = model == "sdxl" ? [32, 48] : [32];
        var provenance = new EmbeddingProvenance
        {
            BaseModel = Goldens.Path("models", model),
            Loras = lora is null ? [] : [lora],
        };
        using var embedding = new LearnedEmbedding(
            "<my-cat>",
            [.. widths.Select(width => randn([2, width], generator: generator))],
            provenance.ToMetadata()
        );
        EmbeddingFile.Write(path, embedding, overwrite: false);
        return path;
    }

    private static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private static float[] Values(Tensor rows) => rows.data<float>().ToArray();

    /// <summary>Cancels when a text is written, as Ctrl-C while it is seen.</summary>
    private sealed class CancelingWriter(string text, CancellationTokenSource canceling) : StringWriter
    {
        public override void Write(string? value)
        {
            base.Write(value);
            CancelIfSeen();
        }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            CancelIfSeen();
        }

        private void CancelIfSeen()
        {
            if (ToString().Contains(text, StringComparison.Ordinal))
                canceling.Cancel();
        }
    }
}
