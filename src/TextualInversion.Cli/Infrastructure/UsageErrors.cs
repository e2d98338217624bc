using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Everything that is wrong with a command line, each problem once.</summary>
internal static class UsageErrors
{
    /// <param name="parsed">The command line.</param>
    /// <param name="args">Its arguments before they were parsed, if it was typed.</param>
    /// <param name="isHelp">Whether it asks for help, for which the command alone must be right.</param>
    public static IReadOnlyList<string> Of(ParseResult parsed, IReadOnlyList<string>? args = null, bool isHelp = false)
    {
        var command = parsed.CommandResult.Command;
        if (CommandOf(parsed) is var meant && meant != command)
            return [Suggestions.UnknownOption(meant, parsed.Tokens[0].Value)];
        var unmatched = Unmatched(command, parsed.UnmatchedTokens).ToList();
        if (isHelp)
            return command.Subcommands.Count > 0 ? unmatched : [];
        var forgotten = OptionsAsValues(parsed, args ?? []).ToList();
        var others = parsed
            .Errors.Where(error => !IsOfUnmatched(error, parsed.UnmatchedTokens))
            .Select(error => error.Message);
        var checks = (command as CommandBase)?.Checks.SelectMany(check => check(parsed.CommandResult)) ?? [];
        var said = others.Concat(checks).Where(message => !forgotten.Exists(pair => IsRequired(message, pair.Value)));
        return [.. unmatched.Concat(said).Concat(forgotten.Select(ValueIsMissing)).Distinct()];
    }

    /// <summary>
    /// The command that is meant. In <c>--model demo generate</c> it is generate, although demo is a command too.
    /// </summary>
    public static Command CommandOf(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (parsed.Tokens is not [{ Value: ['-', '-', ..] option }, ..] || !parsed.UnmatchedTokens.Contains(option))
            return command;
        return parsed.RootCommandResult.Command.Subcommands.FirstOrDefault(IsMeant) ?? command;

        bool IsMeant(Command other) =>
            parsed.UnmatchedTokens.Contains(other.Name) && other.Options.Any(each => each.Name == option);
    }

    /// <summary>
    /// Each option that took another option as its value, as in <c>--trigger --overwrite</c>: its own was forgotten.
    /// </summary>
    private static IEnumerable<(string Option, string Value)> OptionsAsValues(
        ParseResult parsed,
        IReadOnlyList<string> args
    )
    {
        var options = parsed
            .CommandResult.Command.Options.SelectMany(option =>
                option.Aliases.Append(option.Name).Select(name => (name, option))
            )
            .ToDictionary();
        return args.Zip(args.Skip(1))
            .Where(pair => options.ContainsKey(pair.Second))
            .Where(pair =>
                options.TryGetValue(pair.First, out var option)
                && parsed.GetResult(option) is { } result
                && result.Tokens.Any(token => token.Value == pair.Second)
            );
    }

    private static string ValueIsMissing((string Option, string Value) pair) =>
        $"{pair.Option}: its value is missing. If {pair.Value} is the value, write {pair.Option}={pair.Value}.";

    private static IEnumerable<string> Unmatched(Command command, IReadOnlyList<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].StartsWith('-'))
                yield return Suggestions.UnknownOption(command, tokens[i]);
            else if (command.Subcommands.Count > 0 && i == 0)
                yield return Suggestions.UnknownCommand(command, tokens[i]);
            else if (i == 0 || !tokens[i - 1].StartsWith('-')) // else it is the value of an unknown option
                yield return $"{tokens[i]}: unexpected argument. A value with spaces needs quotes.";
        }
    }

    /// <summary>Whether a message is that of an option which was not given, as far as the parser knows.</summary>
    private static bool IsRequired(string message, string option) =>
        message.StartsWith($"Option '{option}' is required", StringComparison.Ordinal);

    private static bool IsOfUnmatched(ParseError error, IReadOnlyList<string> tokens) =>
        error.SymbolResult is CommandResult
        && tokens.Any(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal));
}
