using System.CommandLine;
using System.CommandLine.Parsing;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Everything that is wrong with a command line, each problem once.</summary>
internal static class UsageErrors
{
    /// <param name="parsed">The command line.</param>
    /// <param name="isHelp">Whether it asks for help, for which the command alone must be right.</param>
    public static IReadOnlyList<string> Of(ParseResult parsed, bool isHelp = false)
    {
        var command = parsed.CommandResult.Command;
        var unmatched = Unmatched(command, parsed.UnmatchedTokens).ToList();
        if (isHelp)
            return command.Subcommands.Count > 0 ? unmatched : [];
        var others = parsed.Errors.Where(error => !IsOfUnmatched(error, parsed.UnmatchedTokens));
        var checks = (command as CommandBase)?.Checks.SelectMany(check => check(parsed.CommandResult)) ?? [];
        return [.. unmatched.Concat(others.Select(error => error.Message)).Concat(checks).Distinct()];
    }

    /// <summary>
    /// An error for each option that took another option as its value, as in <c>--trigger --overwrite</c>: its own was
    /// forgotten.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="args">The arguments before they were parsed.</param>
    public static IEnumerable<string> OptionsAsValues(ParseResult parsed, IReadOnlyList<string> args)
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
            )
            .Select(pair =>
                $"{pair.First}: its value is missing. If {pair.Second} is the value, write {pair.First}={pair.Second}."
            );
    }

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

    private static bool IsOfUnmatched(ParseError error, IReadOnlyList<string> tokens) =>
        error.SymbolResult is CommandResult
        && tokens.Any(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal));
}
