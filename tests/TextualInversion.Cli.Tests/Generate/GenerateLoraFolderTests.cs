using TextualInversion.Data;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary>What the files in <c>loras/</c> bring with them: names that they were trained by, and embeddings.</summary>
[Trait("Category", "EndToEnd")]
public sealed class GenerateLoraFolderTests : IDisposable
{
    private static readonly string Kohya = Path.Combine(
        Goldens.Repository,
        "tests",
        "TextualInversion.Tests",
        "Fixtures",
        "lora",
        "sd1-kohya.safetensors"
    );

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>A name that several files were trained by is not taken for one that is missing.</summary>
    [Fact]
    public async Task Tag_NameOfSeveralTrainings_ListsTheFiles()
    {
        Directory.CreateDirectory(folder.File("loras/old"));
        WriteKohya("loras/dots-1.safetensors", "polka");
        WriteKohya("loras/old/dots-2.safetensors", "Polka");
        const string several =
            "2 LoRAs in loras/ were trained as polka (ss_output_name): dots-1.safetensors, old/dots-2.safetensors. "
            + "Write the name of the file, such as dots-1.";

        var tagged = await RunAsync("--prompt", "a cat <lora:polka:1>", "--output", "no.png");
        var named = await RunAsync("--prompt", "a cat", "--lora", "polka@0.5", "--output", "no.png");

        Assert.StartsWith($"error: <lora:polka:1> is not clear. {several}", tagged, StringComparison.Ordinal);
        Assert.StartsWith($"error: polka: there is no such file. {several}", named, StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("no.png")));
        WriteKohya("loras/polka.safetensors", "polka"); // a file's name comes first
        var error = await RunAsync("--prompt", "a cat <lora:polka:1>", "--output", "yes.png");
        Assert.DoesNotContain("error", error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("yes.png")));
    }

    /// <summary>As in the WebUI, a LoRA that is loaded brings the embeddings inside its file.</summary>
    [Fact]
    public async Task Bundle_OfALoraThatIsLoaded_IsCalledByTheNamesInside()
    {
        Directory.CreateDirectory(folder.File("loras"));
        using var generator = new Generator(1);
        using Tensor one = randn([1, 32], generator: generator),
            two = randn([2, 32], generator: generator);
        WriteKohya(
            "loras/cat.safetensors",
            trained: "",
            ("bundle_emb.ohwx.string_to_param.*", one),
            ("bundle_emb.sks.clip_l", two)
        );
        WriteRows("one.safetensors", "<one>", one);
        WriteRows("two.safetensors", "<two>", two);
        string[] files = ["--embedding", "one.safetensors", "--embedding", "two.safetensors", "--lora", Kohya];
        const string tag = "<lora:cat:1>";

        var error = await RunAsync("--prompt", $"a cat ohwx, sks {tag}", "--output", "tag.png");
        Assert.DoesNotContain("warning", error, StringComparison.Ordinal);
        await RunAsync(["--prompt", "a cat <one>, <two>", "--output", "files.png", .. files]);
        var with = Pixels("files.png");
        Assert.Equal(with, Pixels("tag.png"));
        await RunAsync("--prompt", "a cat <ohwx>, embedding:sks", "--lora", "cat", "--output", "option.png");
        Assert.Equal(with, Pixels("option.png"));

        // The image is repeated though other embeddings have the names now.
        Directory.CreateDirectory(folder.File("embeddings"));
        WriteRows("embeddings/ohwx.safetensors", "<ohwx>", two);
        await RunAsync("--from", "tag.png", "--output", "again.png");
        Assert.Equal(with, Pixels("again.png"));
        await RunAsync("--prompt", $"a cat <ohwx>, sks {tag}", "--output", "folder.png");
        await RunAsync(["--prompt", "a cat <two>, <two>", "--output", "twice.png", .. files[2..]]);
        Assert.Equal(Pixels("twice.png"), Pixels("folder.png"));
    }

    /// <summary>What one prompt loads is no part of another.</summary>
    [Fact]
    public async Task Bundle_OfALoraThatOnePromptLoads_IsNotCalled()
    {
        Directory.CreateDirectory(folder.File("loras"));
        using var rows = randn([1, 32], generator: new Generator(1));
        WriteKohya("loras/cat.safetensors", trained: "", ("bundle_emb.ohwx.string_to_param.*", rows));
        folder.Write("prompts.txt", "an <ohwx> <lora:cat:1>\nan <ohwx>\n");

        var error = await RunAsync("--prompts", "prompts.txt", "--output", "out");

        Assert.StartsWith("error: No embedding is called <ohwx>.", error, StringComparison.Ordinal);
        error = await RunAsync("--prompt", "an <ohwx>", "--output", "out");
        Assert.StartsWith("error: No embedding is called <ohwx>.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bundle_ThatIsDamaged_IsLeftOutWithAWarning()
    {
        Directory.CreateDirectory(folder.File("loras"));
        using var rows = ones([2, 2, 2]);
        WriteKohya("loras/cat.safetensors", trained: "", ("bundle_emb.ohwx.string_to_param.*", rows));

        var error = await RunAsync("--prompt", "a cat <lora:cat:1>", "--output", "out.png");

        Assert.Contains(
            $"warning: the embeddings inside are left out: {Path.Combine("loras", "cat.safetensors")}: ",
            error,
            StringComparison.Ordinal
        );
        await RunAsync("--prompt", "a cat", "--lora", Kohya, "--output", "with.png");
        Assert.Equal(Pixels("with.png"), Pixels("out.png"));
    }

    /// <summary>Writes kohya's LoRA with the name by which it was trained, and with more tensors.</summary>
    private void WriteKohya(string path, string trained, params (string Key, Tensor Rows)[] more)
    {
        using var scope = NewDisposeScope();
        var source = SafetensorsFile.Open(Kohya);
        var tensors = source.Tensors.Keys.ToDictionary(key => key, key => source.Read(key));
        foreach (var (key, rows) in more)
            tensors[key] = rows;
        var metadata = new Dictionary<string, string> { ["ss_output_name"] = trained };
        SafetensorsFile.Write(folder.File(path), tensors, metadata, overwrite: true);
    }

    private void WriteRows(string path, string token, Tensor rows)
    {
        var tensors = new Dictionary<string, Tensor> { [token] = rows };
        SafetensorsFile.Write(folder.File(path), tensors, new Dictionary<string, string>(), overwrite: false);
    }

    private byte[] Pixels(string file) => ImageDecoder.Decode(folder.File(file)).Pixels;

    /// <summary>Runs the program in the test's folder, and returns its messages.</summary>
    private async Task<string> RunAsync(params string[] arguments)
    {
        string[] small = ["--model", Goldens.Path("models", "sd1"), "--steps", "2", "--width", "64", "--height", "64"];
        var quoted = small.Concat(arguments).Select(argument => $"'{argument}'");
        var (_, _, error) = await TiProcess.RunAsync(folder.Path, $"generate --seed 3 {string.Join(' ', quoted)}");
        return error;
    }
}
