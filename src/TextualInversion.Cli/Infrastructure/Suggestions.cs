using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>What to say of a name that no command, option or model has.</summary>
internal static class Suggestions
{
    /// <summary>The error message for an option that a command does not have.</summary>
    /// <param name="command">The command.</param>
    /// <param name="typed">The option as it was typed, with or without a value behind <c>=</c>.</param>
    public static string UnknownOption(Command command, string typed)
    {
        var name = typed.Split('=', 2)[0];
        var options = command.Options.Select(option => option.Name).ToList();
        if (options.Contains(name))
            return Misplaced(command, name);
        if (ForeignNames.Find(name, options) is { } ours)
            return $"{name}: unknown option. That is called {ours} here.";
        if (
            command.Subcommands.FirstOrDefault(member => member.Options.Any(option => option.Name == name)) is { } owner
        )
            return Misplaced(owner, name);
        return $"{name}: unknown option.{DidYouMean(name, options)}";
    }

    /// <summary>
    /// Refuses values that begin with -: they are mistyped options. An option of the command as a value is left to
    /// <see cref="UsageErrors"/>.
    /// </summary>
    public static void RefuseOptions(SymbolResult result)
    {
        if (result.Parent is not CommandResult { Command: var command })
            return;
        var options = command.Options.SelectMany(option => option.Aliases.Append(option.Name)).ToHashSet();
        var values = result.Tokens.Select(token => token.Value).Where(value => value.StartsWith('-'));
        foreach (var value in values.Where(value => result is not OptionResult || !options.Contains(value)))
            result.AddError(UnknownOption(command, value));
    }

    /// <summary>The error message for a word where a command is expected.</summary>
    public static string UnknownCommand(Command command, string typed)
    {
        var known = command.Subcommands.Select(member => member.Name).ToList();
        return $"{typed}: unknown command.{DidYouMean(typed, known)}";
    }

    /// <summary>A question behind an error message; empty if no name is near.</summary>
    public static string DidYouMean(string typed, IEnumerable<string> known) =>
        Nearest(typed, known) is { } nearest ? $" Did you mean {nearest}?" : "";

    /// <summary>
    /// The name that was probably meant: the only one that begins as typed, one with the same letters in another order,
    /// or one with few other letters. Null if no name is near.
    /// </summary>
    public static string? Nearest(string typed, IEnumerable<string> known)
    {
        const int Beginning = 3; // letters that say enough
        var text = Letters(typed);
        var names = known.Where(name => name != typed).ToList();
        var begun = names
            .Where(name => text.Length >= Beginning && Letters(name).StartsWith(text, StringComparison.Ordinal))
            .ToList();
        if (begun.Count == 1)
            return begun[0];
        if (names.FirstOrDefault(name => Letters(name).Order().SequenceEqual(text.Order())) is { } swapped)
            return swapped;
        var nearest = names.MinBy(name => EditDistance.Between(Letters(name), text));
        return nearest is not null && EditDistance.Between(Letters(nearest), text) <= Tolerance(text) ? nearest : null;
    }

    private static int Tolerance(string text) => Math.Min(text.Length * 2 / 5, 3);

    private static string Letters(string name) => name.TrimStart('-').ToLowerInvariant();

    private static string Misplaced(Command command, string option) =>
        $"{option}: options come after the command, as in `{CommandBase.PathOf(command)} {option} …`.";
}
