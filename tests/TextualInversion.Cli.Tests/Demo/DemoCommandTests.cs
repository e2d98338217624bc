using System.CommandLine;
using System.Text.Json;
using TextualInversion.Cli.Demo;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Demo;

/// <summary><c>ti demo</c>, with shorter trainings than it has.</summary>
public sealed class DemoCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Output => folder.File("demo");

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task Demo_EmptyFolder_TrainsAndGeneratesAndSaysWhereItIs()
    {
        var (exitCode, output, error) = await RunAsync(Shortened, "--output", Output);

        Assert.True(exitCode == ExitCode.Done, error);
        Assert.Equal(5, Directory.GetFiles(Path.Combine(Output, "samples", "my-cat"), "*.png").Length);
        Assert.Equal(4, Directory.GetFiles(Path.Combine(Output, "images"), "*.png").Length);
        Assert.True(File.Exists(Path.Combine(Output, "runs", "my-cat", "report.html")));
        Assert.Contains(JsonOutput.Relative(Path.Combine(Output, "embeddings", "my-cat.safetensors")), output);
        Assert.Contains("$ ti train --images ", error);
        Assert.Contains("$ ti generate --model demo ", error);
    }

    [Fact]
    public async Task Demo_QuietJson_IsOneDocument()
    {
        var (exitCode, output, error) = await RunAsync(Pretend, "--output", Output, "--quiet", "--json");

        Assert.Equal((ExitCode.Done, ""), (exitCode, error));
        using var json = JsonDocument.Parse(output);
        Assert.Equal(Path.Combine(Output, "images", "1.png"), json.RootElement.GetProperty("images")[0].GetString());
        Assert.Equal(
            Path.Combine(Output, "runs", "my-cat", "report.html"),
            json.RootElement.GetProperty("report").GetString()
        );

        Task<int> Pretend(string[] args, TextWriter result, TextWriter messages)
        {
            Assert.Equal("--quiet", args[^1]);
            folder.Write("demo/images/1.png", "");
            result.WriteLine("not part of the document");
            return Task.FromResult(ExitCode.Done);
        }
    }

    [Theory]
    [InlineData(ExitCode.Problem)]
    [InlineData(ExitCode.Cancelled)]
    public async Task Demo_TrainingFails_EndsWithItsExitCode(int expected)
    {
        var commands = new List<string>();

        var (exitCode, output, _) = await RunAsync(Fail, "--output", Output);

        Assert.Equal((expected, ""), (exitCode, output));
        Assert.Equal(["train"], commands);

        Task<int> Fail(string[] args, TextWriter result, TextWriter messages)
        {
            commands.Add(args[0]);
            return Task.FromResult(expected);
        }
    }

    [Fact]
    public async Task Demo_OutputIsAFile_IsRefused()
    {
        var file = folder.Write("file", "");

        var (exitCode, _, error) = await TiRunner.RunAsync("demo", "--output", file);

        Assert.Equal(ExitCode.Problem, exitCode);
        Assert.StartsWith($"error: {file}: cannot be written (", error, StringComparison.Ordinal);
        Assert.Contains("--output", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "demo-output")]
    [InlineData(1, "demo-output-2")]
    [InlineData(2, "demo-output-3")]
    public void Next_FoldersOfEarlierDemos_IsAnother(int earlier, string expected)
    {
        var there = new[] { "demo-output", "demo-output-2" }.Take(earlier);

        Assert.Equal(expected, DemoFolder.Next(there.Contains).Root);
    }

    private static Task<int> Shortened(string[] args, TextWriter output, TextWriter error) =>
        CommandLine.RunAsync([.. args, "--steps", "2"], output, error, name => name == "HF_HUB_OFFLINE" ? "1" : null);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        CommandRunner run,
        params string[] arguments
    )
    {
        using StringWriter output = new(),
            error = new();
        var parsed = new DemoCommand(run).Parse(arguments);
        var exitCode = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error });
        return (exitCode, output.ToString(), error.ToString());
    }
}
