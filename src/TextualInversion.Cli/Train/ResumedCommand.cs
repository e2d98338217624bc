using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train;

/// <summary>
/// The arguments of a run as its state keeps them, merged with those that are typed when it is resumed.
/// </summary>
internal static class ResumedCommand
{
    /// <summary>The options that were typed, including those from files, in order.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="without">Options that are left out.</param>
    public static List<string> Arguments(ParseResult parsed, params Option[] without) =>
        [.. Typed(parsed).Where(option => !without.Contains(option.Option)).SelectMany(Tokens)];

    /// <summary>Those of some options that were typed, in order.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="names">The options, with <c>--</c>.</param>
    public static IEnumerable<string> Only(ParseResult parsed, IReadOnlyList<string> names) =>
        Typed(parsed).Where(option => names.Contains(option.Option.Name)).SelectMany(Tokens);

    /// <summary>The command that began a run, in which options that are typed now replace those of then.</summary>
    /// <param name="begun">See <see cref="Arguments"/>.</param>
    /// <param name="now">The command that resumes it.</param>
    /// <exception cref="TextualInversionException">It is not a command of this program.</exception>
    public static ParseResult Merge(IReadOnlyList<string> begun, ParseResult now)
    {
        var (root, command) = (now.RootCommandResult.Command, now.CommandResult.Command);
        var then = root.Parse([command.Name, .. begun], now.Configuration);
        var newer = Typed(now).ToList();
        var older = Typed(then).Where(option => newer.All(other => other.Option != option.Option));
        var merged = root.Parse([command.Name, .. older.Concat(newer).SelectMany(Tokens)], now.Configuration);
        return UsageErrors.Of(then).Concat(UsageErrors.Of(merged)).FirstOrDefault() is { } problem
            ? throw new TextualInversionException($"Cannot restore the run's options: {problem}")
            : merged;
    }

    private static IEnumerable<OptionResult> Typed(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<OptionResult>().Where(option => !option.Implicit);

    private static IEnumerable<string> Tokens(OptionResult option)
    {
        var (name, values) = (option.Option.Name, option.Tokens.Select(token => token.Value).ToList());
        // Alone, such a value would be taken for an option or a file of options.
        if (values is [['-' or '@', ..] and var value])
            return [$"{name}={value}"];
        return values.Count == 0 || option.Option.AllowMultipleArgumentsPerToken
            ? [name, .. values]
            : values.SelectMany(each => (string[])[name, each]);
    }
}
