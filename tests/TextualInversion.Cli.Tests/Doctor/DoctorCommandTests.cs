using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Doctor;

/// <summary><c>ti doctor</c> as a whole, with a local server as the hub.</summary>
public sealed class DoctorCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly HubServer server = TinyRepository.Serve();

    public void Dispose()
    {
        server.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Doctor_ModelThatTheHubHas_IsReady()
    {
        var (exitCode, output, error) = await RunAsync("artist/tiny", "doctor");

        Assert.True(exitCode == ExitCode.Done, output + error);
        Assert.Matches("ok +network +127.0.0.1 answers, and has artist/tiny", output);
        Assert.Contains("artist/tiny is not in the cache; the first training downloads it", output);
        Assert.Contains("verdict: ready to train", output);
        Assert.False(Directory.Exists(folder.File("hub"))); // nothing is left behind
    }

    [Fact]
    public async Task Doctor_Json_IsOneDocument()
    {
        var (exitCode, output, error) = await RunAsync("demo", "doctor", "--offline", "--json");

        Assert.Equal((ExitCode.Done, ""), (exitCode, error));
        using var json = JsonDocument.Parse(output);
        Assert.True(json.RootElement.GetProperty("ready").GetBoolean());
        var checks = json.RootElement.GetProperty("checks").EnumerateArray().ToList();
        Assert.All(checks, check => Assert.NotEqual("problem", check.GetProperty("health").GetString()));
        string[] subjects = ["ti", "libtorch", "device", "memory", "threads", "current folder", "model", "network"];
        Assert.Empty(subjects.Except(checks.Select(check => check.GetProperty("subject").GetString()!)));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Doctor_HubDoesNotHaveTheModel_IsAProblem()
    {
        var (exitCode, output, _) = await RunAsync("artist/other", "doctor");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Matches("problem +network", output);
        Assert.Contains("--model demo", output);
        Assert.Contains("verdict: a training would stop: 1 problem", output);
    }

    [Fact]
    public async Task Doctor_HubThatCannotBeReached_IsAProblemOnlyIfTheModelIsMissing()
    {
        const string Nobody = "http://127.0.0.1:1";

        var missing = await RunAsync("artist/tiny", "HF_ENDPOINT", Nobody, "doctor");
        var shipped = await RunAsync("demo", "HF_ENDPOINT", Nobody, "doctor");

        Assert.Equal((ExitCode.Problem, ExitCode.Done), (missing.ExitCode, shipped.ExitCode));
        Assert.Matches("problem +network", missing.Output);
        Assert.Matches("warning +network", shipped.Output);
    }

    [Fact]
    public async Task Doctor_HubOffline_IsAProblemIfTheModelIsMissing()
    {
        var (exitCode, output, _) = await RunAsync("artist/tiny", "HF_HUB_OFFLINE", "1", "doctor");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("HF_HUB_OFFLINE forbids it", output);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Doctor_VariableNamesNoModel_IsAProblem()
    {
        var (exitCode, output, _) = await RunAsync("/nowhere", "doctor", "--offline");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("/nowhere: no such model", output);
        Assert.Contains("TI_MODEL names it.", output);
    }

    [Fact]
    public async Task Doctor_AddressOfTheHubIsNone_IsAProblem()
    {
        var (exitCode, output, _) = await RunAsync("demo", "HF_ENDPOINT", "nonsense", "doctor", "--offline");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Contains("HF_ENDPOINT: nonsense is not the address of a hub", output);
    }

    [Fact]
    public async Task Doctor_CacheIsAFile_IsAProblemForADownload()
    {
        folder.Write("hub", "");

        var (exitCode, output, _) = await RunAsync("artist/tiny", "doctor");

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.Matches("problem +model cache", output);
        Assert.Contains("is a file, not a folder", output);
    }

    [Fact]
    public async Task Doctor_LibtorchThatIsNone_IsAProblemAndTheRestIsSaid()
    {
        var (exitCode, output, _) = await TiProcess.RunAsync(
            folder.Path,
            "doctor --offline --json --libtorch .",
            new Dictionary<string, string> { ["TI_MODEL"] = "demo" }
        );

        Assert.Equal(ExitCode.Problem, exitCode);
        using var json = JsonDocument.Parse(output);
        var problem = Assert.Single(
            json.RootElement.GetProperty("checks").EnumerateArray(),
            check => check.GetProperty("health").GetString() == "problem"
        );
        Assert.Equal("libtorch", problem.GetProperty("subject").GetString());
        Assert.False(json.RootElement.GetProperty("ready").GetBoolean());
    }

    /// <param name="model">The model that a training takes.</param>
    /// <param name="words">Perhaps a variable and its value, then the command.</param>
    private Task<(int ExitCode, string Output, string Error)> RunAsync(string model, params string[] words)
    {
        var command = Array.IndexOf(words, "doctor");
        return TiRunner.RunAsync(Variable, words[command..]);

        string? Variable(string name) =>
            name == words[0] && command > 0
                ? words[1]
                : name switch
                {
                    "TI_MODEL" => model,
                    "HF_HUB_CACHE" => folder.File("hub"),
                    "HF_ENDPOINT" => server.Address.ToString(),
                    _ => null,
                };
    }
}
