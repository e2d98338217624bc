using System.CommandLine;
using System.CommandLine.Parsing;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train;

/// <summary>The values of <c>train --concept</c>, such as "token=my-cat images=./cat initializer=cat".</summary>
internal static class ConceptTexts
{
    /// <summary>Options of the whole command, which a single concept cannot set; without <c>--</c>.</summary>
    public static IReadOnlyList<string> OfAll { get; } =
    [
        "seeds",
        "resume",
        "output",
        "name",
        "overwrite",
        "quiet",
        "json",
        "device",
        "libtorch",
        "concept",
        "concepts-at-once",
        "together",
    ];

    /// <summary>Options that a concept may set if it is trained together with others; without <c>--</c>.</summary>
    private static readonly string[] OfWords = ["token", "images", "initializer", "vectors", "learning-rate"];

    /// <summary>The command line of each concept.</summary>
    /// <param name="command">The command, which reads the tokens.</param>
    /// <param name="typed">The command line with <c>--concept</c>.</param>
    /// <param name="concepts">The values of <c>--concept</c>.</param>
    /// <param name="common">The arguments of all concepts, after <c>ti train</c>.</param>
    /// <exception cref="UsageException">A concept cannot be read, or two have one token.</exception>
    public static IReadOnlyList<ParseResult> Parse(
        TrainCommand command,
        ParseResult typed,
        IReadOnlyList<string> concepts,
        IReadOnlyList<string> common
    )
    {
        var parsed = concepts.Select(concept => Parse(typed, concept, common)).ToList();
        var twice = parsed
            .GroupBy(each => command.Read(each).Placeholder.Name, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(same => same.Count() > 1);
        return twice is null
            ? parsed
            : throw new UsageException($"--concept: {twice.Key} is the token of several; each needs its own.");
    }

    /// <summary>The command line of each word of several that are trained together.</summary>
    /// <inheritdoc cref="Parse(TrainCommand, ParseResult, IReadOnlyList{string}, IReadOnlyList{string})"/>
    public static IReadOnlyList<ParseResult> ParseWords(
        TrainCommand command,
        ParseResult typed,
        IReadOnlyList<string> concepts,
        IReadOnlyList<string> common
    )
    {
        foreach (var concept in concepts)
        {
            if (Options(concept).FirstOrDefault(option => !OfWords.Contains(option.Name)) is { Name: { } other })
                throw new UsageException(
                    $"--concept \"{concept}\": words that are trained together share {other}; write --{other}."
                );
        }

        return Parse(command, typed, concepts, common);
    }

    private static ParseResult Parse(ParseResult typed, string concept, IReadOnlyList<string> common)
    {
        var own = Options(concept).ToList();
        var others = common.ToList();
        foreach (var name in own.Select(option => option.Name).Distinct())
        {
            if (others.Any(argument => argument.Split('=')[0] == $"--{name}"))
                throw new UsageException($"--concept \"{concept}\": {name} is given as --{name} too; leave one out.");
        }

        var arguments = own.GroupBy(option => option.Name)
            .SelectMany(option => option.Select(each => each.Value).Prepend($"--{option.Key}"));
        string[] all = [TrainCommand.CommandName, .. common, .. arguments];
        var parsed = typed.RootCommandResult.Command.Parse(all, typed.Configuration);
        return UsageErrors.Of(parsed, all) is [var problem, ..]
            ? throw new UsageException($"--concept \"{concept}\": {problem}")
            : parsed;
    }

    /// <summary>The options in the text; values with spaces are in double quotes.</summary>
    private static IEnumerable<(string Name, string Value)> Options(string concept)
    {
        foreach (var word in CommandLineParser.SplitCommandLine(concept))
        {
            if (word.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 } value])
                throw new UsageException(
                    $"--concept \"{concept}\": write options with values, such as \"token=my-cat images=./cat "
                        + "initializer=cat\"."
                );
            if (OfAll.Contains(name))
                throw new UsageException($"--concept \"{concept}\": {name} is for all concepts; write --{name}.");
            yield return (name, value);
        }
    }
}
