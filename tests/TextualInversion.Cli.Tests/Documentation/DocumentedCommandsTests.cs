using System.Diagnostics;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Documentation;

/// <summary>
/// Runs every command in the documentation as it is pasted, in the order of its page, with the real program in a new
/// folder. Additional options make training, generation and evaluation short. The hub is a local server with a small
/// model.
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class DocumentedCommandsTests : IDisposable
{
    private const string HubModel = "stable-diffusion-v1-5/stable-diffusion-v1-5";

    private readonly TemporaryFolder folder = new();
    private readonly HubServer hub = new() { Model = HubModel };

    public static TheoryData<string> Pages =>
        [.. MarkdownPage.Names.Where(name => MarkdownPage.Read(name).Commands.Any(IsOurs))];

    public void Dispose()
    {
        hub.Dispose();
        folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Commands_AsPasted_Succeed(string name)
    {
        var page = MarkdownPage.Read(name);
        Prepare();
        if (!page.Commands.Any(command => command.StartsWith("ti train", StringComparison.Ordinal)))
            await RunAsync("ti train --model demo --images samples/my-cat --token my-cat --initializer cat");

        foreach (var command in page.Commands)
        {
            if (command.StartsWith("scripts/", StringComparison.Ordinal))
                Assert.True(File.Exists(Path.Combine(Goldens.Repository, command.Split(' ')[0])), command);
            else if (IsOurs(command))
                await RunAsync(command);
        }
    }

    private static bool IsOurs(string command) => command.StartsWith("ti ", StringComparison.Ordinal);

    /// <summary>Fills the folder with what a reader has: the samples of the repository, and four photos.</summary>
    private void Prepare()
    {
        Directory.CreateSymbolicLink(folder.File("samples"), Path.Combine(Goldens.Repository, "samples"));
        Directory.CreateSymbolicLink(folder.File("cat"), Goldens.Sample("my-cat"));
        var model = Goldens.Path("models", "sd1");
        foreach (var file in Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(model, file).Replace('\\', '/');
            hub.Files[name] = File.ReadAllBytes(file);
            // The variant that the pages use.
            hub.Files[name.Replace(".safetensors", ".fp16.safetensors")] = hub.Files[name];
        }
    }

    private async Task RunAsync(string command)
    {
        var program = $"\"{Environment.ProcessPath}\" exec \"{Path.Combine(AppContext.BaseDirectory, "ti.dll")}\"";
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"ti() {{ {program} \"$@\"; }}; {Shortened(command)}"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["HF_ENDPOINT"] = hub.Address.ToString().TrimEnd('/');
        start.Environment["HF_HUB_CACHE"] = folder.File("hub");
        start.Environment["XDG_CACHE_HOME"] = folder.File("cache");
        foreach (var variable in new[] { "TI_MODEL", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_HOME" })
            start.Environment.Remove(variable);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command}\n{await output}\n{error}");
    }

    /// <summary>
    /// The command with few steps and images, unless it gives their numbers. A redirection stays at the end.
    /// </summary>
    private static string Shortened(string command)
    {
        var (options, redirection) = command.Split(" > ") is [var first, var target]
            ? (first, $" > {target}")
            : (command, "");
        var additions = options.Split(' ')[1] switch
        {
            "train" => " --steps 4 --validate-every 2 --save-every 2 --batch 1",
            "generate" when !options.Contains("--steps") => " --steps 2",
            "eval" => " --steps 2 --count 2",
            "describe" => " --search-steps 1 --count 1",
            _ => "",
        };
        return $"{options}{additions}{redirection}";
    }
}
