using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;

namespace TextualInversion.Cli.Completion;

/// <summary>
/// Finds what may stand at the cursor: commands, options, and values. System.CommandLine's own completion would drop
/// the words that its parser refuses, and does not know paths.
/// </summary>
/// <param name="root">All commands.</param>
/// <param name="models">Gives the names of the models in the cache.</param>
internal sealed class Completer(RootCommand root, Func<IReadOnlyList<string>> models)
{
    private const string Help = "help";

    public Completions Complete(TypedLine line)
    {
        var position = Position.Of(root, line.Words.Skip(1).SkipWhile(word => word == Help));
        var current = line.Current;
        if (position.Waiting is { } waiting)
            return Values(waiting.HelpName!, waiting.GetCompletions, prefix: "", current);
        if (Split(position.Command, current) is var (option, prefix))
            return Values(option.HelpName!, option.GetCompletions, prefix, current);
        if (current.StartsWith('-'))
            return Words(Options(position), current);
        if (position.List is { } list)
            return Values(list.HelpName!, list.GetCompletions, prefix: "", current);
        if (position.Command.Subcommands.Count > 0)
            return Words(Commands(position.Command), current);
        return position.Command.Arguments.ElementAtOrDefault(0) is { } argument
            ? Values(argument.HelpName!, argument.GetCompletions, prefix: "", current)
            : Words(Options(position), current);
    }

    private static IEnumerable<CompletedWord> Commands(Command command) =>
        command.Subcommands.Select(each => new CompletedWord(each.Name, FirstSentence(each.Description)));

    /// <summary>The options of a command that can still be given.</summary>
    private static IEnumerable<CompletedWord> Options(Position position) =>
        position
            .Command.Options.Where(option => !position.Given.Contains(option) || option.Arity.MaximumNumberOfValues > 1)
            .Where(option => option is not HelpOption && !option.Hidden)
            .Select(option => new CompletedWord(option.Name, FirstSentence(option.Description)))
            .Append(new CompletedWord("--help", "Show help and usage."));

    /// <summary>The option and the beginning of <c>--option=value</c>, or null if the word is none.</summary>
    private static (Option Option, string Prefix)? Split(Command command, string word)
    {
        var equals = word.IndexOf('=');
        return
            word.StartsWith('-')
            && equals > 0
            && Position.Find(command, word[..equals]) is { HelpName: not null } option
            ? (option, word[..(equals + 1)])
            : null;
    }

    private static string FirstSentence(string? text) =>
        (text ?? "").Split(". ")[0].TrimEnd('.').ReplaceLineEndings(" ");

    private static Completions Words(IEnumerable<CompletedWord> words, string current) =>
        new(PathKind.None, [.. words.Where(word => word.Text.StartsWith(current, StringComparison.Ordinal))]);

    /// <param name="helpName">The values as the help names them.</param>
    /// <param name="complete">Gives the values that System.CommandLine knows.</param>
    /// <param name="prefix">The beginning of the word that is not of the value.</param>
    /// <param name="current">The word.</param>
    private Completions Values(
        string helpName,
        Func<CompletionContext, IEnumerable<CompletionItem>> complete,
        string prefix,
        string current
    )
    {
        var names = ValueNames.Parse(helpName);
        List<string> values = [.. names.Words, .. names.IncludesModels ? models() : []];
        if (names.Words.Count == 0) // else it would add the names of an enum as C# writes them
            values.AddRange(complete(CompletionContext.Empty).Select(item => item.Label));
        return new(names.Paths, [.. Matching(values, prefix, current).Select(text => new CompletedWord(text, ""))]);
    }

    /// <summary>The values that begin as typed, or else those that begin as the last word of a text.</summary>
    private static List<string> Matching(IReadOnlyList<string> values, string prefix, string current)
    {
        var typed = current[prefix.Length..];
        var matching = Beginning(values, typed, prefix);
        if (matching.Count > 0)
            return matching;
        var text = typed[..(typed.LastIndexOf(' ') + 1)];
        return text.Length == typed.Length ? [] : Beginning(values, typed[text.Length..], prefix + text);
    }

    private static List<string> Beginning(IReadOnlyList<string> values, string typed, string before) =>
        [
            .. values
                .Where(value => value.StartsWith(typed, StringComparison.OrdinalIgnoreCase))
                .Select(value => before + value),
        ];
}
