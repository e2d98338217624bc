using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;

namespace TextualInversion.Cli.Demo;

/// <summary><c>ti demo</c>: a training and a generation with the images and the model that ship with ti.</summary>
internal sealed class DemoCommand : CommandBase
{
    private readonly PathOption output = new("--output")
    {
        HelpName = "DIR",
        Description =
            "Folder for the copied sample images and the results. Default: demo-output, or demo-output-2 and so on if "
            + "there is one.",
    };
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    /// <param name="run">Runs the commands of the demo.</param>
    public DemoCommand(CommandRunner run)
        : base(
            "demo",
            "Train on five sample images with the small model, which ship with ti, and generate four images with the "
                + "result: about a minute on two processor cores, without a network."
        )
    {
        AddGroup("Output", output, quiet, json);
        SetAction((parsed, _) => RunAsync(parsed, run));
    }

    /// <summary>The commands that it runs load libtorch.</summary>
    public override bool UsesTorch => false;

    public override IReadOnlyList<string> Examples => ["ti demo", "ti demo --output try --quiet --json"];

    private async Task<int> RunAsync(ParseResult parsed, CommandRunner run)
    {
        var (result, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var messages = new ConsoleLog(error, parsed.GetValue(quiet));
        var folder = parsed.GetValue(output) is { } given ? new DemoFolder(given) : DemoFolder.Next(Path.Exists);
        folder.CopySamples();
        foreach (var arguments in new[] { folder.TrainArguments(), folder.GenerateArguments() })
        {
            messages.Info($"$ {ShellCommand.Quote(arguments.Prepend("ti"))}");
            var exitCode = await run(messages.Quiet ? [.. arguments, quiet.Name] : arguments, TextWriter.Null, error);
            if (exitCode != ExitCode.Done)
                return exitCode;
            messages.Info("");
        }

        if (parsed.GetValue(json))
            result.WriteLine(JsonOutput.Serialize(Json(folder)));
        else
            Write(result, folder);
        messages.Info(
            "Next, three to five images of your own: ti train --images FOLDER --token NAME. That takes a Stable "
                + "Diffusion model, which is downloaded; ti doctor says whether this machine is ready for it."
        );
        return ExitCode.Done;
    }

    private static void Write(TextWriter result, DemoFolder folder)
    {
        result.WriteLine(
            $"The embedding is {JsonOutput.Relative(folder.Embedding)} and the images of it are in "
                + $"{JsonOutput.Relative(folder.Images)}."
        );
        result.WriteLine($"How the training went: open {JsonOutput.Relative(folder.Report)} in a browser.");
    }

    private static object Json(DemoFolder folder) =>
        new
        {
            Embedding = Path.GetFullPath(folder.Embedding),
            Images = FolderListing.Files(folder.Images).Select(Path.GetFullPath),
            Report = Path.GetFullPath(folder.Report),
        };
}
