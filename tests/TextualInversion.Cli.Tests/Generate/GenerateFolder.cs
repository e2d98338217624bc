using TextualInversion.Data;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

/// <summary>A folder for the images and embeddings of a test of <c>ti generate</c>.</summary>
internal sealed class GenerateFolder : IDisposable
{
    /// <summary>Options for small images in few steps on the demo model.</summary>
    public static readonly string[] Small = ["--model", "demo", "--steps", "2", "--width", "32", "--height", "40"];

    private readonly TemporaryFolder folder = new();

    public string Path => folder.Path;

    public string File(string name) => folder.File(name);

    /// <summary>Runs <c>ti generate</c>, and asserts that it succeeds.</summary>
    public async Task MakeAsync(string file, params string[] more)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(["generate", .. Small, "--output", File(file), .. more]);
        Assert.True(exitCode == 0, error);
    }

    public byte[] Pixels(string file) => ImageDecoder.Decode(File(file)).Pixels;

    /// <summary>Writes an embedding of one random vector, and returns its path.</summary>
    /// <param name="name">The name of the file without extension.</param>
    /// <param name="initializer">The initializer in the metadata, or null for none.</param>
    /// <param name="trigger">The placeholder token. Null: the name in angle brackets.</param>
    public string WriteEmbedding(string name, string? initializer, string? trigger = null)
    {
        using var rows = randn([1, 128], generator: new Generator(1)) * 0.05;
        var metadata = new Dictionary<string, string>();
        if (initializer is not null)
            metadata["initializer"] = initializer;
        SafetensorsFile.Write(
            File($"{name}.safetensors"),
            new Dictionary<string, Tensor> { [trigger ?? $"<{name}>"] = rows },
            metadata,
            overwrite: false
        );
        return File($"{name}.safetensors");
    }

    public void Dispose() => folder.Dispose();
}
