using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>
/// The real program while another thread collects garbage without a pause: what libtorch reads is not freed, so the
/// files are the same to the byte.
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class GarbageCollectionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("--initializer cat --vectors 2 --sample-every 2 --sample-steps 2 --save-every 2 --hold-out")]
    [InlineData("--initializer cat --optimizer direction --ema 0.9 --snr-gamma 5 --gradient-checkpointing on")]
    [InlineData("--initializer cat --optimizer prodigy --loss-type huber --min-timestep 100 --max-timestep 900")]
    public Task Train_ConstantCollections_SameFiles(string options) =>
        AssertSameAsync($"{Train(Goldens.Sample("demo-model"))} --steps 3 {options}");

    [Fact]
    public Task Train_SearchAndConstantCollections_SameFiles() =>
        AssertSameAsync($"{Train(Goldens.Path("models", "sd1"))} --steps 2 --resolution 32 --initializer auto");

    [Fact]
    public Task Generate_ConstantCollections_SameFiles() =>
        AssertSameAsync(
            "generate --model demo --prompt 'a (photo:1.2) of a [cat|dog]' --count 2 --seed 1 --steps 3 "
                + $"--init-image '{Goldens.Sample("my-cat", "1.png")}' --strength 0.9 --sampler 'euler a'"
        );

    private static string Train(string model) =>
        $"train --model '{model}' --images '{Goldens.Sample("my-cat")}' --token my-cat --seed 1 --batch 2 "
        + "--validate-every 2";

    private async Task AssertSameAsync(string arguments)
    {
        await RunAsync("calm", arguments, hook: null);
        await RunAsync("collecting", arguments, typeof(StartupHook).Assembly.Location);

        var calm = ResultFiles("calm");
        Assert.NotEmpty(calm);
        Assert.Equal(calm, ResultFiles("collecting"));
        foreach (var file in calm)
            Assert.True(
                File.ReadAllBytes(folder.File($"calm/{file}"))
                    .AsSpan()
                    .SequenceEqual(File.ReadAllBytes(folder.File($"collecting/{file}"))),
                $"{file} differs"
            );
    }

    /// <summary>The files without times in them.</summary>
    private List<string> ResultFiles(string run) =>
        [
            .. Directory
                .EnumerateFiles(folder.File(run), "*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".safetensors" or ".png" or ".csv")
                .Select(file => Path.GetRelativePath(folder.File(run), file))
                .Order(StringComparer.Ordinal),
        ];

    private async Task RunAsync(string run, string arguments, string? hook)
    {
        // Optimized code forgets a variable after its last use.
        Dictionary<string, string> environment = new() { ["DOTNET_TieredCompilation"] = "0" };
        if (hook is not null)
            environment["DOTNET_STARTUP_HOOKS"] = hook;
        Directory.CreateDirectory(folder.File(run));
        var (exitCode, output, error) = await TiProcess.RunAsync(folder.File(run), arguments, environment);
        Assert.True(exitCode == 0, $"{arguments}\n{output}\n{error}");
    }
}
