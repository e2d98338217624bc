using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests;

/// <summary>
/// The text of every help page and of usage errors, as files in Snapshots/. Other tests assert requirements; these show
/// how a change affects the wording. Run them with TI_UPDATE_SNAPSHOTS=1 to write the files, then review the
/// difference.
/// </summary>
public sealed class SnapshotTests
{
    private static readonly string Folder = Path.Combine(
        Goldens.Repository,
        "tests",
        "TextualInversion.Cli.Tests",
        "Snapshots"
    );

    private static readonly string[] WrongUsage =
    [
        "trian",
        "--model demo generate --prompt x",
        "train",
        "train --images a --token x --steps 1,000 --learning-rate 0,005 --betas 0.9 --precision fp8 --lr 1",
        "train --images a --token x --steps 99999999999 --seeds two",
        "train --images a --stepz 3 --token x",
        "train --token",
        "generate --prompt x --prompts y",
        "generate --prompt x --guidance 7,5 --format bmp --bananas",
        "generate --prompt @home",
        "generate --prompt=@home --steps 5 --steps 6",
        "generate --prompt x a cat",
        "convert a.pt --to webiu",
        "merge a.pt b.pt --output= --weights 0.5;0.5",
        "models gte",
        "models get",
        "models remove owner/name@fp16",
    ];

    public static TheoryData<string> Commands => [.. CommandPaths];

    /// <summary>Every command as it is typed, such as <c>ti models get</c>.</summary>
    internal static IEnumerable<string> CommandPaths =>
        All(CommandLine.CreateRoot(_ => null)).Select(CommandBase.PathOf);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_Command_IsAsInTheSnapshot(string path)
    {
        var (_, output, _) = await TiRunner.RunAsync([.. path.Split(' ').Skip(1), "--help"]);
        Compare($"help-{path.Replace(' ', '-')}.txt", output);
    }

    [Fact]
    public async Task Errors_WrongUsage_AreAsInTheSnapshot()
    {
        using var text = new StringWriter { NewLine = "\n" };
        foreach (var command in WrongUsage)
        {
            var (exitCode, output, error) = await TiRunner.RunAsync(command.Split(' '));
            Assert.Equal((ExitCode.WrongUsage, ""), (exitCode, output));
            text.WriteLine($"$ ti {command}");
            text.WriteLine(error);
        }

        Compare("errors.txt", text.ToString());
    }

    private static void Compare(string name, string actual)
    {
        var path = Path.Combine(Folder, name);
        actual = actual.ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("TI_UPDATE_SNAPSHOTS") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(path, actual);
        }

        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
