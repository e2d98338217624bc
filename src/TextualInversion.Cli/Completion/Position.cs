using System.CommandLine;

namespace TextualInversion.Cli.Completion;

/// <summary>Where the cursor is in a command line.</summary>
/// <param name="Command">The command that was typed.</param>
/// <param name="Given">The options that were typed.</param>
/// <param name="Waiting">The option whose value is next, or null.</param>
/// <param name="List">The option that may have another value, or null.</param>
internal sealed record Position(Command Command, IReadOnlySet<Option> Given, Option? Waiting, Option? List)
{
    /// <param name="root">All commands.</param>
    /// <param name="words">The words before the cursor, without the program.</param>
    public static Position Of(RootCommand root, IEnumerable<string> words)
    {
        Command command = root;
        var given = new HashSet<Option>();
        Option? waiting = null,
            list = null;
        foreach (var word in words)
        {
            if (waiting is not null)
            {
                list = waiting.AllowMultipleArgumentsPerToken ? waiting : null;
                waiting = null;
            }
            else if (word.StartsWith('-'))
            {
                (waiting, list) = (null, null);
                if (Find(command, word.Split('=')[0]) is not { } option)
                    continue;
                given.Add(option);
                waiting = option.HelpName is not null && !word.Contains('=') ? option : null;
            }
            else
            {
                command = command.Subcommands.FirstOrDefault(each => each.Name == word) ?? command;
            }
        }

        return new Position(command, given, waiting, list);
    }

    /// <summary>The option of a command by its name, or null.</summary>
    public static Option? Find(Command command, string name) =>
        command.Options.FirstOrDefault(option => option.Name == name || option.Aliases.Contains(name));
}
