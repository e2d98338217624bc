using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;

namespace TextualInversion.Cli.Train;

/// <summary>
/// <c>train --concept</c>: several concepts, one after another, on one loaded model. Each is the command line with the
/// concept's own options, so that its embedding has the same bytes as when it is trained alone.
/// </summary>
/// <param name="command">The command.</param>
/// <param name="models">Has the model open.</param>
/// <param name="messages">Receives the progress.</param>
internal sealed class ConceptRuns(TrainCommand command, TrainModels models, ConsoleLog messages)
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
    ];

    private readonly List<string> results = [];

    /// <summary>What each training printed, in the order of the concepts.</summary>
    public IReadOnlyList<string> Results => results;

    /// <summary>The command line of each concept.</summary>
    /// <param name="typed">The command line with <c>--concept</c>.</param>
    /// <param name="concepts">The values of <c>--concept</c>, such as "token=my-cat images=./cat".</param>
    /// <param name="common">The arguments of all concepts, after <c>ti train</c>.</param>
    /// <exception cref="UsageException">A concept cannot be read, or two have one token.</exception>
    public IReadOnlyList<ParseResult> Parse(
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

    /// <summary>Trains all. A concept that fails does not stop the others.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperationCanceledException">It was canceled before the first step of a concept.</exception>
    public async Task<int> RunAsync(IReadOnlyList<ParseResult> concepts, CancellationToken cancellationToken)
    {
        var exitCode = ExitCode.Done;
        foreach (var (index, concept) in concepts.Index())
        {
            messages.Info($"concept {index + 1} of {concepts.Count}: {command.Read(concept).Placeholder.Name}");
            try
            {
                await using var result = new StringWriter();
                var code = await command.RunAsync(concept, models, messages, result, cancellationToken);
                results.Add(result.ToString().Trim());
                if (code == ExitCode.Cancelled)
                    return code;
            }
            catch (Exception error) when (Problem(error) is { } problem)
            {
                messages.Error.WriteLine($"error: {command.Read(concept).Placeholder.Name}: {problem}");
                exitCode = ExitCode.Problem;
            }
        }

        return exitCode;
    }

    /// <summary>The documents of the trainings as one.</summary>
    public string Json()
    {
        var documents = results.ConvertAll(result => JsonSerializer.Deserialize<JsonElement>(result));
        return JsonOutput.Serialize(new Dictionary<string, List<JsonElement>> { ["concepts"] = documents });
    }

    private string? Problem(Exception error) =>
        error switch
        {
            TextualInversionException problem => command.MessageOf(problem),
            UsageException => error.Message,
            _ => IoErrors.IsFileError(error) ? error.Message : null,
        };

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
