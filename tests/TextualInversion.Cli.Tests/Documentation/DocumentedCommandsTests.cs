using System.Diagnostics;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Documentation;

/// <summary>
/// The commands of the README and then of the other pages, in the order of its links, each as pasted: by a reader who
/// has a clone, four photos and no model. The hub is a local server with a small model.
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class DocumentedCommandsTests : IDisposable
{
    /// <summary>
    /// What runs in place of scripts/ti, which would build the program first. It adds options that make training,
    /// generation and evaluation short.
    /// </summary>
    private const string Ti = """
        #!/bin/sh
        case "$*" in
            train\ *) set -- "$@" --steps 4 --validate-every 2 --save-every 2 --batch 1 ;;
            generate\ *--steps\ *) ;;
            generate\ *) set -- "$@" --steps 2 ;;
            eval\ *) set -- "$@" --steps 2 --count 2 ;;
            distill\ *) set -- "$@" --steps 2 --compare 0 ;;
            describe\ *) set -- "$@" --search-steps 1 --count 1 ;;
            sweep\ samples/*) sed -i 's/steps: .*/steps: 2/' samples/sweep.yaml ;;
        esac
        exec PROGRAM "$@"

        """;

    private const string HubModel = "stable-diffusion-v1-5/stable-diffusion-v1-5";

    // The first runs all tests, this one too; the second calls ti demo, which DemoCommandTests runs.
    private static readonly string[] LongScripts = ["scripts/test", "scripts/demo"];

    // A command that hangs fails the test. All of them together take a minute on an idle machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly TemporaryFolder folder = new();
    private readonly HubServer hub = new() { Model = HubModel };

    private string Clone => folder.File("ti");

    public void Dispose()
    {
        hub.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task ReadmeAndPages_PastedInOrder_Succeed()
    {
        if (OperatingSystem.IsWindows())
            return; // the scripts are for sh
        MakeClone();
        MakeHub();
        using var limit = new CancellationTokenSource(Limit);
        var readme = MarkdownPage.Read("README.md");
        var names = readme.LinkedFiles.Prepend(readme.Name).Concat(MarkdownPage.Names).Distinct();
        var pages = names.Where(MarkdownPage.Names.Contains).Select(MarkdownPage.Read).ToList();

        var commands = pages
            .SelectMany(page => page.Commands.Where(IsOurs).Select(command => (page.Name, command)))
            .ToList();

        Assert.InRange(commands.Count, 20, 100);
        foreach (var (page, command) in commands)
            await PasteAsync(page, command, limit.Token);
        string[] written =
        [
            "embeddings/our-cat.safetensors", // of the README
            "pictures/0005.png",
            "my-cat.html", // of the pages
            "cat.png",
            "embeddings/my-dog.safetensors",
        ];
        Assert.All(written.Concat(LongScripts), file => Assert.True(File.Exists(Path.Combine(Clone, file)), file));
    }

    private static bool IsOurs(string command) =>
        command.StartsWith("ti ", StringComparison.Ordinal)
        || (command.StartsWith("scripts/", StringComparison.Ordinal) && !LongScripts.Contains(command.Split(' ')[0]));

    /// <summary>The parts of a clone that the commands use, the reader's photos, and the link to scripts/ti.</summary>
    private void MakeClone()
    {
        foreach (var part in new[] { "samples", "scripts" })
            Copy(Path.Combine(Goldens.Repository, part), Path.Combine(Clone, part));
        Copy(Goldens.Sample("my-cat"), Path.Combine(Clone, "cat"));
        var program = $"'{Environment.ProcessPath}' exec '{Path.Combine(AppContext.BaseDirectory, "ti.dll")}'";
        var script = Path.Combine(Clone, "scripts/ti");
        File.WriteAllText(script, Ti.Replace("PROGRAM", program, StringComparison.Ordinal));
        Directory.CreateDirectory(folder.File("bin"));
        File.CreateSymbolicLink(folder.File("bin/ti"), script);
    }

    private void MakeHub()
    {
        var model = Goldens.Path("models", "sd1");
        foreach (var file in Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(model, file).Replace('\\', '/');
            hub.Files[name] = File.ReadAllBytes(file);
            // The variant that the pages use.
            hub.Files[name.Replace(".safetensors", ".fp16.safetensors")] = hub.Files[name];
        }
    }

    private static void Copy(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy); // with its mode
        }
    }

    private async Task PasteAsync(string page, string command, CancellationToken limit)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            WorkingDirectory = Clone,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PATH"] = $"{folder.File("bin")}:{start.Environment["PATH"]}";
        start.Environment["HF_ENDPOINT"] = hub.Address.ToString().TrimEnd('/');
        start.Environment["HF_HUB_CACHE"] = folder.File("hub");
        start.Environment["XDG_CACHE_HOME"] = folder.File("cache");
        foreach (var variable in new[] { "TI_MODEL", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_HOME" })
            start.Environment.Remove(variable);
        using var process = Process.Start(start)!;
        await using var end = limit.Register(() => process.Kill(entireProcessTree: true));
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = await process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        Assert.True(process.ExitCode == 0, $"{page}: {command}\n{await output}\n{error}");
    }
}
