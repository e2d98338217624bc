using System.Text.Json;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.ModelAccess;

/// <summary><c>ti models</c> with a local server.</summary>
public sealed class ModelsCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly HubServer server = TinyRepository.Serve();

    private string Snapshot => folder.File($"hub/models--artist--tiny/snapshots/{HubServer.Commit}");

    public void Dispose()
    {
        server.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Get_Model_PrintsItsFolderAndNothingElse()
    {
        var (exitCode, output, error) = await RunAsync("models", "get", "artist/tiny");

        Assert.Equal((0, Snapshot + Environment.NewLine), (exitCode, output));
        Assert.Contains("MB 1/1", error);
        Assert.Equal((0, Snapshot + Environment.NewLine, ""), await RunAsync("models", "get", "artist/tiny"));
    }

    [Fact]
    public async Task Get_VariantJsonQuiet_IsOneDocument()
    {
        var (exitCode, output, error) = await RunAsync(
            "models",
            "get",
            "artist/tiny",
            "--variant",
            "fp16",
            "--json",
            "--quiet"
        );

        Assert.Equal((0, ""), (exitCode, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(Snapshot, json.RootElement.GetProperty("path").GetString());
        Assert.Equal(HubServer.Commit, json.RootElement.GetProperty("commit").GetString());
        Assert.True(File.Exists(Path.Combine(Snapshot, "unet/diffusion_pytorch_model.fp16.safetensors")));
    }

    [Fact]
    public async Task List_Cache_IsATableOrJson()
    {
        await RunAsync("models", "get", "artist/tiny");

        var (exitCode, table, _) = await RunAsync("models", "list");
        Assert.Equal(0, exitCode);
        Assert.Equal(
            ["MODEL", "KIND", "REVISION", "COMMIT", "SIZE"],
            table.Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)
        );
        Assert.StartsWith("artist/tiny  SD 1  main      01234567  1.0 MB", table.Split('\n')[1]);
        var (_, output, _) = await RunAsync("models", "list", "--json");
        using var json = JsonDocument.Parse(output);
        var model = json.RootElement.GetProperty("models")[0];
        Assert.Equal(
            ("artist/tiny", "stableDiffusion1", "main"),
            (
                model.GetProperty("model").GetString(),
                model.GetProperty("kind").GetString(),
                model.GetProperty("revisions")[0].GetString()
            )
        );
    }

    [Fact]
    public async Task List_EmptyCache_SaysHowToFillIt()
    {
        var (exitCode, output, error) = await RunAsync("models", "list");

        Assert.Equal((0, ""), (exitCode, output));
        Assert.Contains("ti models get", error);
    }

    [Fact]
    public async Task Path_CachedOrNot_IsPrintedOrExplained()
    {
        await RunAsync("models", "get", "artist/tiny");

        Assert.Equal((0, Snapshot + Environment.NewLine, ""), await RunAsync("models", "path", "artist/tiny"));
        var (exitCode, output, error) = await RunAsync("models", "path", "artist/tyni");
        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("Did you mean artist/tiny?", error);
    }

    [Fact]
    public async Task Verify_BrokenFile_IsNamedAndCanBeFetchedAgain()
    {
        await RunAsync("models", "get", "artist/tiny");
        Assert.Equal(0, (await RunAsync("models", "verify", "artist/tiny")).ExitCode);
        var blob = folder.File(
            $"hub/models--artist--tiny/blobs/{HubServer.BlobOf("vae/config.json", server.Files["vae/config.json"])}"
        );
        await File.WriteAllTextAsync(blob, "broken");

        var (exitCode, output, error) = await RunAsync("models", "verify", "artist/tiny", "--quiet");
        Assert.Equal(1, exitCode);
        Assert.Contains(
            "BROKEN",
            output.Split('\n').Single(line => line.EndsWith("vae/config.json", StringComparison.Ordinal))
        );
        Assert.Contains($"Delete {blob} and run `ti models get artist/tiny`", error);
        using var json = JsonDocument.Parse((await RunAsync("models", "verify", "artist/tiny", "--json")).Output);
        Assert.Equal(
            "vae/config.json",
            json.RootElement.GetProperty("files")
                .EnumerateArray()
                .Single(file => file.GetProperty("problem").ValueKind != JsonValueKind.Null)
                .GetProperty("path")
                .GetString()
        );

        File.Delete(blob);
        await RunAsync("models", "get", "artist/tiny");
        Assert.Equal(0, (await RunAsync("models", "verify", "artist/tiny")).ExitCode);
    }

    [Fact]
    public async Task Remove_Model_AsksFirstAndLeavesNothing()
    {
        await RunAsync("models", "get", "artist/tiny");
        var repository = folder.File("hub/models--artist--tiny");

        var (exitCode, output, error) = await RunAsync("models", "remove", "artist/tiny");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains($"artist/tiny: 1.0 MB in {repository}", error);
        Assert.Contains(HubServer.Commit, error);
        Assert.Contains("--yes: add it", error);
        Assert.True(Directory.Exists(repository));

        (exitCode, output, error) = await RunAsync("models", "remove", "artist/tiny", "--yes", "--json");
        Assert.Equal((0, ""), (exitCode, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(repository, json.RootElement.GetProperty("removed").GetString());
        Assert.False(Directory.Exists(repository));
        Assert.Equal(1, (await RunAsync("models", "remove", "artist/tiny", "--yes")).ExitCode);
    }

    [Fact]
    public async Task Remove_OneRevision_IsRefused() =>
        Assert.Equal(2, (await RunAsync("models", "remove", "artist/tiny@fp16", "--yes")).ExitCode);

    [Theory]
    [InlineData("list", "list")]
    [InlineData("get", "get ID")]
    [InlineData("verify", "verify ID")]
    [InlineData("path", "path ID")]
    [InlineData("remove", "remove ID")]
    public async Task Help_SubCommand_ShowsItsUsageAndTwoExamples(string command, string usage)
    {
        var (exitCode, output, _) = await RunAsync("models", command, "--help");

        Assert.Equal(0, exitCode);
        Assert.Contains($"Usage: ti models {usage} [options]", output);
        var examples = output[output.IndexOf("Examples:", StringComparison.Ordinal)..].TrimEnd().Split('\n').Skip(1);
        Assert.Equal(2, examples.Count(line => line.StartsWith("  ", StringComparison.Ordinal) && line[2] != ' '));
    }

    [Fact]
    public async Task Help_Group_ShowsTheSubCommands()
    {
        var (exitCode, output, _) = await RunAsync("models");

        Assert.Equal(0, exitCode);
        Assert.All(["list", "get", "verify", "path", "remove"], command => Assert.Contains($"\n  {command} ", output));
    }

    [Theory]
    [InlineData("gte", "Did you mean get?")]
    [InlineData("get", "`ti models get --help`")]
    [InlineData("get --varaint", "--varaint: unknown option. Did you mean --variant?")]
    [InlineData("get a/b --varaint", "--varaint: unknown option. Did you mean --variant?")]
    [InlineData("get tiny", "tiny: is not a hub id")]
    [InlineData("path ../x", "../x: is not a hub id")]
    [InlineData("verify a/b/c", "a/b/c: is not a hub id")]
    [InlineData("remove a//b --yes", "a//b: is not a hub id")]
    public async Task Usage_Wrong_Exits2(string arguments, string expected)
    {
        var (exitCode, output, error) = await RunAsync(["models", .. arguments.Split(' ')]);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(expected, error);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        TiRunner.RunAsync(
            name =>
                name switch
                {
                    "HF_HUB_CACHE" => folder.File("hub"),
                    "HF_ENDPOINT" => server.Address.AbsoluteUri,
                    _ => null,
                },
            arguments
        );
}
