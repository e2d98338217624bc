using System.CommandLine;
using System.CommandLine.Invocation;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Terminal;

/// <summary>Prints the help of a command in the width of the terminal, within limits.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const int Indent = 2,
        Left = 28, // columns of options and commands
        Narrowest = 60,
        Widest = 110; // longer lines are hard to read

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        var width = Math.Clamp(TerminalWidth.Of(output) ?? TerminalWidth.Assumed, Narrowest, Widest);
        if (parseResult.CommandResult.Command is CommandBase { Subcommands.Count: 0 } command)
            Write(command, output, width);
        else
            WriteOverview(parseResult.CommandResult.Command, output, width);
        return ExitCode.Done;
    }

    private static void WriteOverview(Command command, TextWriter output, int width)
    {
        var path = CommandBase.PathOf(command);
        var commands = command.Subcommands.OfType<CommandBase>().ToList();
        WriteParagraph(output, command.Description!, width);
        output.WriteLine($"Usage: {path} COMMAND [options]");
        output.WriteLine();
        WriteTable(output, [.. commands.Select(member => (member.Name, member.Description!))], width);
        output.WriteLine();
        var version = command is RootCommand ? $" `{path} --version` prints the version." : "";
        WriteParagraph(
            output,
            $"`{path} COMMAND --help` shows a command's options. `@FILE` reads options from a file, one per line."
                + version,
            width
        );
        WriteExamples(
            output,
            (command as CommandBase)?.Examples ?? [commands[0].Examples[0], commands[1].Examples[0]],
            width
        );
    }

    private static void Write(CommandBase command, TextWriter output, int width)
    {
        var arguments = command.Arguments.Select(argument => (argument.HelpName!, argument.Description!)).ToList();
        WriteParagraph(output, command.Description!, width);
        var names = string.Concat(arguments.Select(argument => $" {argument.Item1}"));
        var options = command.Groups.Count > 0 ? " [options]" : "";
        output.WriteLine($"Usage: {CommandBase.PathOf(command)}{names}{options}");
        if (arguments.Count > 0)
        {
            output.WriteLine();
            WriteTable(output, arguments, width);
        }

        foreach (var (title, members) in command.Groups)
        {
            output.WriteLine();
            output.WriteLine($"{title}:");
            WriteTable(output, [.. members.Select(option => (Syntax(option), option.Description!))], width);
        }

        output.WriteLine();
        WriteExamples(output, command.Examples, width);
    }

    /// <summary>An option and its value. What is too long for the column continues on lines of its own.</summary>
    private static string Syntax(Option option)
    {
        if (option.HelpName is not { } value)
            return option.Name;
        if (option.Name.Length + 1 + value.Length <= Left)
            return $"{option.Name} {value}";
        List<string> lines = [option.Name];
        foreach (var part in value.Split('|').SelectMany((part, i) => new[] { i == 0 ? part : $"|{part}" }))
        {
            if (lines.Count > 1 && lines[^1].Length + part.Length <= Left)
                lines[^1] += part;
            else
                lines.Add($"  {part}");
        }

        return string.Join('\n', lines);
    }

    private static void WriteExamples(TextWriter output, IReadOnlyList<string> examples, int width)
    {
        output.WriteLine("Examples:");
        foreach (var line in examples.SelectMany(example => ShellCommand.Lines(example, width - Indent)))
            output.WriteLine(new string(' ', Indent) + line);
    }

    private static void WriteParagraph(TextWriter output, string text, int width)
    {
        new PlainTable().AddColumn().AddRow(text).Write(output, width);
        output.WriteLine();
    }

    private static void WriteTable(TextWriter output, IReadOnlyList<(string Left, string Right)> rows, int width)
    {
        var table = new PlainTable { Indent = Indent }
            .AddColumn(wraps: false)
            .AddColumn();
        foreach (var (left, right) in rows)
            table.AddRow(left, right);
        table.Write(output, width);
    }
}
