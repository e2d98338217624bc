using System.CommandLine;
using System.CommandLine.Help;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

/// <summary>Properties of every option of every command.</summary>
public sealed class OptionTests
{
    private static readonly RootCommand Root = CommandLine.CreateRoot(_ => null);

    // Options that accept any text, or whose text the command parses itself.
    private static readonly string[] FreeText =
    [
        "--batch",
        "--concept",
        "--device",
        "--devices",
        "--grid-x",
        "--grid-y",
        "--initializer",
        "--negative",
        "--prompt",
        "--sample-prompt",
        "--sample-sampler",
        "--sampler",
        "--sbatch",
    ];

    /// <summary>A command, and the name of one of its options.</summary>
    public static TheoryData<string, string> All
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var command in Commands(Root))
            foreach (var option in command.Options.Where(option => option is not (HelpOption or VersionOption)))
                data.Add(CommandBase.PathOf(command), option.Name);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Parse_WrongValue_IsAnErrorWithoutTypeNames(string path, string name)
    {
        var option = Find(path, name);
        if (option.ValueType == typeof(bool) || FreeText.Contains(name))
            return;
        foreach (var value in new[] { "", "☃\0", new string('x', 5000) })
        {
            var messages = Messages(path, name, value);
            Assert.Contains(messages, message => message.StartsWith($"{name}", StringComparison.Ordinal));
            Assert.DoesNotContain(
                messages,
                message =>
                    message.Contains("System.", StringComparison.Ordinal)
                    || message.Contains("TextualInversion.", StringComparison.Ordinal)
                    || message.Contains('`', StringComparison.Ordinal)
            );
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Parse_DecimalComma_IsAnErrorOfEveryNumber(string path, string name)
    {
        if (!IsNumber(Find(path, name)))
            return;
        var message = Assert.Single(
            Messages(path, name, "7,5"),
            message => message.StartsWith($"{name} 7,5: ", StringComparison.Ordinal)
        );
        if (Find(path, name).ValueType is var type && (type == typeof(double) || type == typeof(double?)))
            Assert.Contains("write 7.5", message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Parse_UnknownChoice_ListsTheChoices(string path, string name)
    {
        var option = Find(path, name);
        if (option is not WordOption && !(Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType).IsEnum)
            return;
        var message = Assert.Single(
            Messages(path, name, "nonsense"),
            message => message.StartsWith($"{name} nonsense: choose ", StringComparison.Ordinal)
        );
        foreach (var choice in option.HelpName!.Split('|'))
            Assert.Contains(choice, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("inspect")]
    [InlineData("convert", "--to", "webui")]
    [InlineData("merge", "--output", "m.pt")]
    [InlineData("report")]
    public async Task Run_EmptyFile_Exits2(params string[] arguments)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([arguments[0], "", .. arguments[1..]]);

        Assert.Equal(ExitCode.WrongUsage, exitCode);
        Assert.Contains("is empty", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--token")]
    [InlineData("--name")]
    [InlineData("--output")]
    public void Parse_LongName_IsAnError(string name) =>
        Assert.Contains(
            Messages("ti train", name, new string('x', 300)),
            message => message.Contains("is too long", StringComparison.Ordinal)
        );

    [Fact]
    public void Parse_HomeFolder_IsExpanded()
    {
        var option = new PathOption("--output");
        var parsed = new RootCommand { option }.Parse("--output=~/x");

        Assert.Equal(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "/x", parsed.GetValue(option));
    }

    private static IEnumerable<Command> Commands(Command command) =>
        command.Subcommands.SelectMany(Commands).Prepend(command);

    private static Option Find(string path, string name) =>
        Commands(Root)
            .Single(command => CommandBase.PathOf(command) == path)
            .Options.Single(option => option.Name == name);

    private static List<string> Messages(string path, string name, string value) =>
        [.. Root.Parse([.. path.Split(' ').Skip(1), name, value]).Errors.Select(error => error.Message)];

    private static bool IsNumber(Option option) =>
        (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) is { IsPrimitive: true } type
        && type != typeof(bool);
}
