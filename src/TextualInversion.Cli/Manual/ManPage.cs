using System.CommandLine;
using System.Text;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Manual;

/// <summary>The help of a command as a page for <c>man</c>, in the macros of groff_man(7).</summary>
internal sealed class ManPage
{
    private readonly StringBuilder text = new();
    private readonly Command command;
    private readonly string path; // as it is typed

    private ManPage(Command command)
    {
        this.command = command;
        path = CommandBase.PathOf(command);
    }

    /// <summary>The name of the file, such as <c>ti-train.1</c>.</summary>
    public static string FileName(Command command) => $"{Name(command)}.1";

    /// <summary>The content of the file.</summary>
    public static string Write(Command command)
    {
        var page = new ManPage(command);
        page.WriteHead();
        if (command.Subcommands.Count > 0)
            page.WriteCommands();
        else
            page.WriteOptions();
        page.WriteFoot();
        return page.text.ToString();
    }

    private static string Name(Command command) => CommandBase.PathOf(command).Replace(' ', '-');

    private void WriteHead()
    {
        var description = command.Description!.TrimEnd('.');
        var summary = description.Split(". ")[0].Split(": ")[0];
        Line($".TH {Escaped(Name(command).ToUpperInvariant())} 1 \"\" \"{Versions.Software}\"");
        Section("NAME");
        Line($"{Escaped(Name(command))} \\- {Escaped(char.ToLowerInvariant(summary[0]) + summary[1..])}");
        Section("SYNOPSIS");
        Line($".B {Escaped(path)}");
        var arguments = command.Subcommands.Count > 0 ? ["COMMAND"] : command.Arguments.Select(each => each.HelpName!);
        foreach (var argument in arguments)
            Line($".I {Escaped(argument)}");
        if (command is not CommandBase { Subcommands.Count: 0, Groups.Count: 0 })
            Line("[options]");
        Section("DESCRIPTION");
        Paragraph($"{description}.");
    }

    private void WriteCommands()
    {
        Section("COMMANDS");
        foreach (var member in command.Subcommands)
        {
            Line(".TP");
            Line($".BR {Escaped(Name(member))} (1)");
            Paragraph(member.Description!);
        }

        if (command is not RootCommand)
            return;
        Section("OPTIONS");
        Term("--help", null, "Show help and usage. With a command: its options.");
        Term("--version", null, "Print the version.");
        Term("@FILE", null, "Read options from a file, one per line.");
    }

    private void WriteOptions()
    {
        foreach (var argument in command.Arguments)
            Term(null, argument.HelpName, argument.Description!);
        if (command is not CommandBase { Groups: { Count: > 0 } groups })
            return;
        Section("OPTIONS");
        foreach (var (title, options) in groups)
        {
            Line($".SS {Escaped(title)}");
            foreach (var option in options)
                Term(option.Name, option.HelpName, option.Description!);
        }
    }

    private void WriteFoot()
    {
        if (command is CommandBase { Examples: { Count: > 0 } examples })
        {
            Section("EXAMPLES");
            Line(".EX");
            foreach (var example in examples)
                Line(Escaped(example));
            Line(".EE");
        }

        Section("EXIT STATUS");
        Paragraph(
            "0: done. 1: a problem that you can fix, which the message on standard error explains. 2: wrong usage. "
                + "130: stopped by a signal; finished work is kept."
        );
        Section("SEE ALSO");
        var above = command.Parents.OfType<Command>().FirstOrDefault() ?? command.Subcommands[0];
        Line($".BR {Escaped(Name(above))} (1)");
    }

    /// <summary>An option, argument or command, with its value and its description.</summary>
    private void Term(string? name, string? value, string description)
    {
        Line(".TP");
        Line(string.Join(' ', new[] { Font('B', name), Font('I', value) }.OfType<string>()));
        Paragraph(description);
    }

    private static string? Font(char font, string? text) => text is null ? null : $"\\f{font}{Escaped(text)}\\fR";

    private void Section(string title) => Line($".SH {title}");

    private void Paragraph(string paragraph) => Line(Escaped(paragraph));

    private void Line(string line) => text.Append(line).Append('\n');

    /// <summary>
    /// Text without a meaning in roff: backslashes, minus signs, which would become hyphens, points and quotes at the
    /// beginning of a line, and letters outside of ASCII.
    /// </summary>
    private static string Escaped(string text)
    {
        var escaped = new StringBuilder();
        foreach (var letter in text)
            escaped.Append(
                letter switch
                {
                    '\\' => "\\e",
                    '-' => "\\-",
                    '\'' => "\\(aq",
                    '`' => "\\(ga",
                    '^' => "\\(ha",
                    '~' => "\\(ti",
                    '"' => "\\(dq",
                    '…' => "...",
                    '×' => "x",
                    > '~' => $"\\[u{(int)letter:X4}]",
                    _ => letter.ToString(),
                }
            );
        return text.StartsWith('.') ? $"\\&{escaped}" : escaped.ToString();
    }
}
