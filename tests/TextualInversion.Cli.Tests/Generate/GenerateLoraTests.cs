using System.Diagnostics;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary>LoRAs of <c>--lora</c> and in prompts, on a small model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GenerateLoraTests : IDisposable
{
    private static readonly string Kohya = Fixture("sd1-kohya"),
        Diffusers = Fixture("sd1-diffusers");

    private static readonly string[] Small =
    [
        "--model",
        Goldens.Path("models", "sd1"),
        "--steps",
        "2",
        "--width",
        "64",
        "--height",
        "64",
        "--seed",
        "3",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Lora_StrengthsAndSeveral_ChangeTheImage()
    {
        var without = await MakeAsync("without.png");
        var with = await MakeAsync("with.png", "--lora", Kohya);

        Assert.NotEqual(without, with);
        Assert.Equal(without, await MakeAsync("zero.png", "--lora", $"{Kohya}@0"));
        Assert.NotEqual(with, await MakeAsync("half.png", "--lora", $"{Kohya}@0.5"));
        Assert.NotEqual(without, await MakeAsync("negative.png", "--lora", $"{Kohya}@-0.5"));
        Assert.NotEqual(with, await MakeAsync("two.png", "--lora", Kohya, "--lora", $"{Diffusers}@0.5"));
        Assert.Equal(without, await MakeAsync("opposite.png", "--lora", $"{Kohya}@0", "--lora", $"{Diffusers}@0"));
    }

    [Fact]
    public async Task From_ImageWithLoras_RepeatsThem()
    {
        var with = await MakeAsync("with.png", "--lora", $"{Kohya}@0.7", "--lora", Diffusers);
        var settings = ImageFile.ReadParameters(folder.File("with.png"))!;
        Assert.Contains("sd1-kohya.safetensors@0.7", settings, StringComparison.Ordinal);

        var (exitCode, _, error) = await RunAsync(
            "--from",
            folder.File("with.png"),
            "--output",
            folder.File("again.png")
        );

        Assert.True(exitCode == 0, error);
        Assert.Equal(with, Pixels("again.png"));
        (exitCode, _, error) = await RunAsync(
            "--from",
            folder.File("with.png"),
            "--lora",
            Kohya,
            "--output",
            folder.File("other.png")
        );
        Assert.True(exitCode == 0, error);
        Assert.Equal(await MakeAsync("one.png", "--lora", Kohya), Pixels("other.png"));
    }

    [Fact]
    public async Task Grid_LorasAndStrengths_AreThoseOfSingleImages()
    {
        var (exitCode, _, error) = await RunAsync(
            "--prompt",
            "a cat",
            "--grid-x",
            $"lora=none,{Kohya},{Diffusers}@0.5",
            "--grid-y",
            "lora-strength=0,0.7",
            "--output",
            folder.File("out")
        );

        Assert.True(exitCode == 0, error);
        var without = await MakeAsync("without.png");
        Assert.Equal(without, Pixels("out/0001.png"));
        Assert.Equal(without, Pixels("out/0002.png"));
        Assert.Equal(without, Pixels("out/0004.png"));
        Assert.Equal(await MakeAsync("kohya.png", "--lora", $"{Kohya}@0.7"), Pixels("out/0005.png"));
        Assert.Equal(await MakeAsync("diffusers.png", "--lora", $"{Diffusers}@0.7"), Pixels("out/0006.png"));
        (exitCode, _, error) = await RunAsync(
            "--from",
            folder.File("out/0005.png"),
            "--output",
            folder.File("again.png")
        );
        Assert.True(exitCode == 0, error);
        Assert.Equal(Pixels("out/0005.png"), Pixels("again.png"));
    }

    [Fact]
    public async Task Grid_LoraStrengthWithoutLora_IsRefused()
    {
        var (exitCode, _, error) = await RunAsync("--prompt", "a cat", "--grid-x", "lora-strength=0,1");

        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(
            "--grid-x lora-strength=0,1: needs a LoRA; name one with --lora.",
            error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lora_BesideAnEmbedding_BothCount()
    {
        var embedding = WriteEmbedding("my-cat", loras: null);
        string[] prompt = ["--prompt", "a photo of <my-cat>", "--embedding", embedding];
        var images = new List<byte[]>
        {
            await MakeAsync("neither.png"),
            await MakeAsync("lora.png", "--lora", Kohya),
            await MakeAsync("embedding.png", prompt),
            await MakeAsync("both.png", [.. prompt, "--lora", Kohya]),
        };
        Assert.Equal(4, images.Select(Convert.ToBase64String).Distinct().Count());
    }

    [Fact]
    public async Task Embedding_TrainedWithALora_IsAskedFor()
    {
        var embedding = WriteEmbedding("my-cat", """[{"file": "loras/sd1-kohya.safetensors", "strength": 0.5}]""");
        string[] arguments = ["--prompt", "a <my-cat>", "--embedding", embedding, "--output", folder.File("out")];

        var (_, _, error) = await RunAsync(arguments);
        Assert.Contains(
            "warning: <my-cat> was trained together with a LoRA; without it, images differ from what was learned. Add "
                + "--lora loras/sd1-kohya.safetensors@0.5.",
            error,
            StringComparison.Ordinal
        );
        (_, _, error) = await RunAsync([.. arguments, "--lora", Kohya]);
        Assert.DoesNotContain("warning", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sdxl-peft", "is a LoRA for Stable Diffusion XL, and does not fit this one")]
    [InlineData("expected", "is not a LoRA")]
    [InlineData("nowhere", "nowhere.safetensors")]
    public async Task Lora_OfAnotherModelOrNone_IsRefused(string name, string expected)
    {
        var (exitCode, _, error) = await RunAsync("--prompt", "a cat", "--lora", Fixture(name));
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lora_StrengthThatIsNoNumber_IsRefused()
    {
        var (exitCode, _, error) = await RunAsync("--prompt", "a cat", "--lora", $"{Kohya}@0,8");
        Assert.Equal(2, exitCode);
        Assert.Contains("the strength is 0,8", error, StringComparison.Ordinal);
    }

    /// <summary>Each prompt has its own LoRAs; after one, the next is as if there had been none.</summary>
    [Fact]
    public async Task Prompts_WithTags_UseTheFilesInTheFolder()
    {
        Directory.CreateDirectory(folder.File("loras/styles"));
        File.Copy(Kohya, folder.File("loras/styles/dots.safetensors"));
        await File.WriteAllTextAsync(
            folder.File("prompts.txt"),
            "a cat<lora:dots:0.7>\na cat\na cat <lora:styles/DOTS:0.7>\n"
        );
        var error = await RunHereAsync("--prompts", "prompts.txt", "--output", "out");

        Assert.DoesNotContain("warning", error, StringComparison.Ordinal);
        await RunHereAsync("--prompt", "a cat", "--lora", $"{Kohya}@0.7", "--output", "with.png");
        await RunHereAsync("--prompt", "a cat", "--output", "without.png");
        var with = Pixels("with.png");
        Assert.Equal(with, Pixels("out/0001.png"));
        Assert.Equal(Pixels("without.png"), Pixels("out/0002.png"));
        Assert.Equal(with, Pixels("out/0003.png"));
        Assert.StartsWith(
            "a cat<lora:dots:0.7>",
            ImageFile.ReadParameters(folder.File("out/0001.png")),
            StringComparison.Ordinal
        );

        await RunHereAsync("--from", "out/0001.png", "--output", "again.png");
        Assert.Equal(with, Pixels("again.png"));
        WriteKohyaNamed("loras/styles/dots.safetensors", "Polka_v2");
        await RunHereAsync("--prompt", "a cat <lora:polka_v2:0.7>", "--output", "trained.png");
        Assert.Equal(with, Pixels("trained.png"));
        error = await RunHereAsync("--prompt", "a cat <lora:dost:1>", "--output", "no.png");
        Assert.Contains(
            "No LoRA is called dost, as in <lora:dost:1>. Did you mean dots?",
            error,
            StringComparison.Ordinal
        );
        error = await RunHereAsync("--prompt", "a cat <lora:dots:0.7", "--output", "no.png");
        Assert.Contains("<lora:dots:0.7 is not closed; end the LoRA with >", error, StringComparison.Ordinal);
        error = await RunHereAsync("--prompt", "a cat", "--lora", "dost", "--output", "no.png");
        Assert.Contains("dost: there is no such file, and loras/ has dots.", error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("no.png")));
        error = await RunHereAsync("--prompt", "a cat", "--negative", "<lora:dots:1>", "--output", "n.png");
        Assert.Contains("<lora:dots:1> has no effect in the negative prompt", error, StringComparison.Ordinal);
        Assert.Equal(Pixels("without.png"), Pixels("n.png"));
    }

    /// <summary>Writes kohya's LoRA with the name by which it was trained.</summary>
    private void WriteKohyaNamed(string path, string trained)
    {
        using var scope = NewDisposeScope();
        var source = SafetensorsFile.Open(Kohya);
        var tensors = source.Tensors.Keys.ToDictionary(key => key, key => source.Read(key));
        var metadata = new Dictionary<string, string> { ["ss_output_name"] = trained };
        SafetensorsFile.Write(folder.File(path), tensors, metadata, overwrite: true);
    }

    private static string Fixture(string name) =>
        Path.Combine(Goldens.Repository, "tests", "TextualInversion.Tests", "Fixtures", "lora", $"{name}.safetensors");

    private static Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        TiRunner.RunAsync(["generate", .. Small, .. arguments]);

    private async Task<byte[]> MakeAsync(string file, params string[] more)
    {
        string[] prompt = more.Contains("--prompt") ? [] : ["--prompt", "a cat"];
        var (exitCode, _, error) = await RunAsync([.. prompt, "--output", folder.File(file), .. more]);
        Assert.True(exitCode == 0, error);
        return Pixels(file);
    }

    private byte[] Pixels(string file) => ImageDecoder.Decode(folder.File(file)).Pixels;

    /// <summary>Runs the program in the test's folder, and returns its messages.</summary>
    private async Task<string> RunHereAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (
            var argument in (string[])
                ["exec", Path.Combine(AppContext.BaseDirectory, "ti.dll"), "generate", .. Small, .. arguments]
        )
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        return error;
    }

    private string WriteEmbedding(string name, string? loras)
    {
        using var rows = randn([1, 32], generator: new Generator(1)) * 0.05;
        var path = folder.File($"{name}.safetensors");
        SafetensorsFile.Write(
            path,
            new Dictionary<string, Tensor> { [$"<{name}>"] = rows },
            loras is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["loras"] = loras },
            overwrite: false
        );
        return path;
    }
}
