using System.CommandLine;
using System.CommandLine.Invocation;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>What <c>--help</c> prints.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const int Indent = 2,
        Gap = 2,
        Wide = 100;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is CommandBase { Subcommands.Count: 0 } command)
            Write(command, output);
        else
            WriteOverview(parseResult.CommandResult.Command, output);
        return 0;
    }

    private static void WriteOverview(Command command, TextWriter output)
    {
        var path = command is CommandBase group ? $"{group.FullName} " : "";
        var commands = command.Subcommands.OfType<CommandBase>().ToList();
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine($"Usage: ti {path}COMMAND [options]");
        output.WriteLine();
        WriteTable(output, [.. commands.Select(member => (member.Name, member.Description!))]);
        output.WriteLine();
        output.WriteLine($"`ti {path}COMMAND --help` shows a command's options; `@file` reads options from a file.");
        output.WriteLine();
        WriteExamples(output, (command as CommandBase)?.Examples ?? [commands[0].Examples[0], commands[1].Examples[0]]);
    }

    private static void Write(CommandBase command, TextWriter output)
    {
        output.WriteLine(command.Description);
        output.WriteLine();
        output.WriteLine(
            $"Usage: ti {command.FullName}{string.Concat(command.Arguments.Select(argument => $" {argument.HelpName}"))} [options]"
        );
        if (command.Arguments.Count > 0)
        {
            output.WriteLine();
            WriteTable(output, [.. command.Arguments.Select(argument => (argument.HelpName!, argument.Description!))]);
        }

        foreach (var (title, options) in command.Groups)
        {
            output.WriteLine();
            output.WriteLine($"{title}:");
            WriteTable(output, [.. options.Select(option => (Syntax(option), option.Description!))]);
        }

        output.WriteLine();
        WriteExamples(output, command.Examples);
    }

    private static string Syntax(Option option) =>
        option.HelpName is { } value ? $"{option.Name} {value}" : option.Name;

    private static void WriteExamples(TextWriter output, IReadOnlyList<string> examples)
    {
        output.WriteLine("Examples:");
        foreach (var example in examples)
            output.WriteLine(new string(' ', Indent) + example);
    }

    private static void WriteTable(TextWriter output, IReadOnlyList<(string Left, string Right)> rows)
    {
        var width = rows.Max(row => row.Left.Length);
        foreach (var (left, right) in rows)
        {
            var margin = Indent + width + Gap;
            output.Write(new string(' ', Indent) + left.PadRight(width + Gap));
            var column = margin;
            foreach (var word in right.Split(' '))
            {
                if (column > margin && column + word.Length > Wide)
                {
                    output.WriteLine();
                    output.Write(new string(' ', margin));
                    column = margin;
                }

                output.Write((column == margin ? "" : " ") + word);
                column += word.Length + 1;
            }

            output.WriteLine();
        }
    }
}
