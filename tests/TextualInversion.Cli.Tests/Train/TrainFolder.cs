using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train;

/// <summary>A folder with a small model and images, in which a test trains.</summary>
internal sealed class TrainFolder : IDisposable
{
    public const string Embedding = "embeddings/my-cat.safetensors",
        Run = "runs/my-cat";

    private readonly TemporaryFolder folder = new();

    public string File(string name) => folder.File(name);

    public string Write(string name, byte[] content) => folder.Write(name, content);

    public string Write(string name, string content) => folder.Write(name, content);

    public void Dispose() => folder.Dispose();

    /// <summary>Writes images of several shapes, and masks.</summary>
    /// <returns>The options that use them.</returns>
    public string[] ImagesOfSeveralShapesWithMasks()
    {
        _ = Command(".");
        folder.Write("images/6.png", PngFile.Gray(120, 60, (x, y) => (byte)(x * y)));
        folder.Write("images/1.txt", "cat, purple, dotted, orange, sitting");
        foreach (var image in Directory.EnumerateFiles(File("images"), "*.png"))
        {
            var isWide = Path.GetFileName(image) == "6.png";
            folder.Write(
                $"masks/{Path.GetFileName(image)}",
                PngFile.Gray(isWide ? 160 : 80, 80, (x, _) => (byte)(x < 40 ? 255 : 60))
            );
        }

        return ["--crop", "bucket", "--mask", File("masks")];
    }

    /// <summary>The arguments of a training on a small model, with images and a model that a test may change.</summary>
    public string[] Command(string output)
    {
        if (!Directory.Exists(File("model")))
            CopyFolder(Goldens.Path("models", "sd1"), File("model"));
        if (!Directory.Exists(File("images")))
            CopyFolder(Goldens.Sample("my-cat"), File("images"));
        return
        [
            "train",
            "--model",
            File("model"),
            "--images",
            File("images"),
            "--token",
            "my-cat",
            "--initializer",
            "cat",
            "--seed",
            "1",
            "--batch",
            "1",
            "--resolution",
            "32",
            "--validate-every",
            "4",
            "--patience",
            "0",
            "--save-every",
            "1",
            "--ema",
            "0.9",
            "--output",
            File(output),
        ];
    }

    /// <summary>Runs the first two steps of a training.</summary>
    public async Task BeginAsync()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([.. Command("."), "--steps", "2"]);
        Assert.True(exitCode == 0, error);
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            System.IO.File.Copy(file, target);
        }
    }
}
