using System.CommandLine;
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
    private readonly List<string> results = [];

    /// <summary>What each training printed, in the order of the concepts.</summary>
    public IReadOnlyList<string> Results => results;

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
}
