using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train;

/// <summary>The arguments of a run as its state keeps them, and with what is said when it goes on.</summary>
internal static class ResumedCommand
{
    /// <summary>The options that were typed, one after the other, whatever file they came from.</summary>
    /// <param name="parsed">a command</param>
    /// <param name="without">options that belong to this call alone</param>
    public static List<string> Arguments(ParseResult parsed, params Option[] without) =>
        [.. Typed(parsed).Where(option => !without.Contains(option.Option)).SelectMany(Tokens)];

    /// <summary>The command that began a run, with what is typed now in the place of what was typed then.</summary>
    /// <param name="begun">see <see cref="Arguments"/></param>
    /// <param name="now">the command that goes on with it</param>
    /// <exception cref="TextualInversionException">It is not a command of this program.</exception>
    public static ParseResult Merge(IReadOnlyList<string> begun, ParseResult now)
    {
        var (root, command) = (now.RootCommandResult.Command, now.CommandResult.Command);
        var then = root.Parse([command.Name, .. begun], now.Configuration);
        var newer = Typed(now).ToList();
        var older = Typed(then).Where(option => newer.All(other => other.Option != option.Option));
        var merged = root.Parse([command.Name, .. older.Concat(newer).SelectMany(Tokens)], now.Configuration);
        return UsageErrors.Of(then).Concat(UsageErrors.Of(merged)).FirstOrDefault() is { } problem
            ? throw new TextualInversionException($"The run's command cannot be given again: {problem}")
            : merged;
    }

    private static IEnumerable<OptionResult> Typed(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<OptionResult>().Where(option => !option.Implicit);

    private static IEnumerable<string> Tokens(OptionResult option) =>
        option.Tokens.Select(token => token.Value).Prepend(option.Option.Name);
}
