using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Build;

/// <summary>The .NET tool as a user gets it: packed, installed from a folder of packages, and run.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ToolTests : IDisposable
{
    private const string Version = "0.0.1-test";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Install_FromAFolder_TrainsAndGenerates()
    {
        if (!OperatingSystem.IsLinux())
            return; // scripts/pack needs a shell, and a package of libtorch that the build did not restore
        Dictionary<string, string?> packing = new()
        {
            ["TI_ARTIFACTS"] = folder.File("artifacts"),
            ["MinVerVersionOverride"] = Version,
        };
        var pack = Path.Combine(Goldens.Repository, "scripts", "pack");
        var (exitCode, output) = await ToolProcess.RunAsync(folder.Path, packing, pack, "linux-x64");
        Assert.True(exitCode == 0, output);

        // No other source: the package has everything, so that the tool works without a network.
        await ToolProcess.RequireAsync(
            folder.Path,
            "dotnet",
            "tool",
            "install",
            "TextualInversion.Tool",
            "--version",
            Version,
            "--tool-path",
            folder.File("tools"),
            "--source",
            folder.File("artifacts/packages")
        );
        Assert.StartsWith(Version, await TiAsync("--version"));
        Directory.CreateSymbolicLink(folder.File("samples"), Goldens.Sample());
        await TiAsync("train --model demo --images samples/my-cat --token my-cat --initializer cat --steps 4 --seed 1");
        await TiAsync("generate --model demo --prompt <my-cat> --steps 2 --seed 1 --output cat.png");

        Assert.True(new FileInfo(folder.File("cat.png")).Length > 0);
    }

    private Task<string> TiAsync(string arguments) =>
        ToolProcess.RequireAsync(folder.Path, folder.File("tools/ti"), arguments.Split(' '));
}
