using System.Text.Json;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>Short runs of the real commands on the demo model.</summary>
[Trait("Category", "EndToEnd")]
public sealed class EndToEndTests : IDisposable
{
    private static readonly string[] Short =
    [
        "--initializer",
        "cat",
        "--model",
        "demo",
        "--steps",
        "3",
        "--batch",
        "1",
        "--json",
    ];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Eight programs that start at once with an empty cache, and one that uses none.</summary>
    [Fact]
    public async Task Train_EightProcessesShareTheLatentCache_SameBytesAsWithoutIt()
    {
        var cache = new Dictionary<string, string> { ["XDG_CACHE_HOME"] = folder.File("cache") };
        var command = $"train --images '{Goldens.Sample("my-cat")}' --token my-cat --seed 1 {string.Join(' ', Short)}";

        var runs = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => TiProcess.RunAsync(folder.Path, $"{command} --output shared-{i}", cache))
        );
        var alone = await TiProcess.RunAsync(folder.Path, $"{command} --output alone --no-latent-cache", cache);
        var (_, _, again) = await TiProcess.RunAsync(folder.Path, $"{command} --output again", cache);

        Assert.All(runs.Append(alone), run => Assert.Equal(0, run.ExitCode));
        Assert.Equal(10, Directory.GetFiles(folder.File("cache/ti/latents")).Length);
        Assert.Contains("encoded image 10/10", alone.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("encoded image", again, StringComparison.Ordinal);
        var expected = await File.ReadAllBytesAsync(folder.File("alone/embeddings/my-cat.safetensors"));
        foreach (var output in Enumerable.Range(0, 8).Select(i => $"shared-{i}").Append("again"))
            Assert.Equal(
                expected,
                await File.ReadAllBytesAsync(folder.File($"{output}/embeddings/my-cat.safetensors"))
            );
    }

    [Fact]
    public async Task Train_TwiceAlike_SameBytesAndFrozenModel()
    {
        var (exitCode, output, _) = await TiRunner.TrainAsync(
            folder.File("a"),
            Goldens.Sample("my-cat"),
            "my-cat",
            Short
        );
        await TiRunner.TrainAsync(folder.File("b"), Goldens.Sample("my-cat"), "my-cat", Short);

        Assert.Equal(0, exitCode);
        using var result = JsonDocument.Parse(output);
        Assert.Equal("<my-cat>", result.RootElement.GetProperty("placeholder").GetString());
        Assert.Equal(3, result.RootElement.GetProperty("steps").GetInt32());
        Assert.Equal(
            await File.ReadAllBytesAsync(folder.File("a/embeddings/my-cat.safetensors")),
            await File.ReadAllBytesAsync(folder.File("b/embeddings/my-cat.safetensors"))
        );
        Assert.Equal(
            await File.ReadAllTextAsync(folder.File("a/runs/my-cat/metrics.csv")),
            await File.ReadAllTextAsync(folder.File("b/runs/my-cat/metrics.csv"))
        );
        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("a/runs/my-cat/run.json")));
        foreach (var network in record.RootElement.GetProperty("frozenWeights").EnumerateObject())
            Assert.Equal(
                network.Value.GetProperty("before").GetString(),
                network.Value.GetProperty("after").GetString()
            );
    }

    [Fact]
    public async Task Train_TwoVectors_WritesDiffusersLayoutAndMovesEachRow()
    {
        await TiRunner.TrainAsync(folder.Path, Goldens.Sample("my-cat"), "my-cat", [.. Short, "--vectors", "2"]);

        using var embedding = EmbeddingFile.Read(folder.File("embeddings/my-cat.safetensors"));
        Assert.Equal("<my-cat>", embedding.Trigger);
        Assert.Equal([2, 128], embedding.Rows[0].shape);
        Assert.Equal("cat", embedding.Provenance["initializer"]);
        Assert.Equal("pt", SafetensorsFile.Open(folder.File("embeddings/my-cat.safetensors")).Metadata["format"]);
        var last = (await File.ReadAllLinesAsync(folder.File("runs/my-cat/metrics.csv")))[^1].Split(',');
        Assert.All(
            last[^2..],
            drift => Assert.True(double.Parse(drift, System.Globalization.CultureInfo.InvariantCulture) > 0)
        );
    }

    [Fact]
    public async Task Train_Captions_AreShownWithThePlaceholder()
    {
        var (_, _, error) = await TiRunner.TrainAsync(
            folder.Path,
            Goldens.Sample("my-boat"),
            "my-boat",
            "--initializer",
            "boat",
            "--model",
            "demo",
            "--steps",
            "1"
        );

        Assert.Contains("1.png: \"a photo of a <my-boat>\"", error);
    }

    [Fact]
    public async Task Generate_PromptsWithAndWithoutTheWord_DifferAndWarn()
    {
        await TiRunner.TrainAsync(folder.Path, Goldens.Sample("my-cat"), "my-cat", Short);
        var (exitCode, output, error) = await GenerateAsync("a <MY-CAT>, and another <my-cat>!");
        var (_, _, warning) = await GenerateAsync("a cat");

        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("warning", error);
        Assert.Contains("no prompt calls <my-cat>", warning);
        using var result = JsonDocument.Parse(output);
        Assert.Equal(5ul, result.RootElement.GetProperty("images")[0].GetProperty("seed").GetUInt64());
        var parameters = ImageFile.ReadParameters(folder.File("pictures/0001.png"));
        Assert.StartsWith(
            "a <MY-CAT>, and another <my-cat>!\nSteps: 2, Sampler: DPM++ 2M, CFG scale: 4, Seed: 5, Size: "
                + "64x72, Model: demo",
            parameters
        );
        Assert.True(File.Exists(folder.File("pictures/0002.png")));

        Task<(int ExitCode, string Output, string Error)> GenerateAsync(string prompt) =>
            TiRunner.RunAsync(
                "generate",
                "--model",
                "demo",
                "--prompt",
                prompt,
                "--embedding",
                folder.File("embeddings/my-cat.safetensors"),
                "--seed",
                "5",
                "--steps",
                "2",
                "--width",
                "64",
                "--height",
                "72",
                "--output",
                folder.File("pictures"),
                "--json"
            );
    }

    [Fact]
    public async Task Generate_HubId_IsDownloadedAndThenNeedsNoNetwork()
    {
        using var server = new HubServer();
        foreach (var file in Directory.EnumerateFiles(Goldens.Sample("demo-model"), "*", SearchOption.AllDirectories))
            server.Files[Path.GetRelativePath(Goldens.Sample("demo-model"), file)] = await File.ReadAllBytesAsync(file);

        var (exitCode, output, error) = await GenerateAsync("online.png", offline: null);
        Assert.True(exitCode == 0, error);
        Assert.Equal(folder.File("online.png"), Path.GetFullPath(output.Trim()));
        server.Stop();
        Assert.Equal(0, (await GenerateAsync("cached.png", offline: null)).ExitCode);
        Assert.Equal(0, (await GenerateAsync("offline.png", offline: "1")).ExitCode);

        var images = new[] { "online.png", "cached.png", "offline.png" }
            .Select(file => File.ReadAllBytes(folder.File(file)))
            .ToList();
        Assert.All(images, image => Assert.Equal(images[0], image));

        Task<(int ExitCode, string Output, string Error)> GenerateAsync(string image, string? offline) =>
            TiRunner.RunAsync(
                name =>
                    name switch
                    {
                        "HF_HOME" => folder.Path,
                        "HF_ENDPOINT" => server.Address.AbsoluteUri,
                        "HF_HUB_OFFLINE" => offline,
                        _ => null,
                    },
                "generate",
                "--model",
                "artist/tiny",
                "--prompt",
                "a cat",
                "--steps",
                "1",
                "--width",
                "64",
                "--height",
                "64",
                "--seed",
                "5",
                "--output",
                folder.File(image)
            );
    }
}
