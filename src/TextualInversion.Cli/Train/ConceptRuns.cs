using System.CommandLine;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>
/// <c>train --concept</c>: several concepts on one loaded model. Each is the command line with the concept's own
/// options, so that one after another their embeddings have the same bytes as when they are trained alone.
/// </summary>
/// <param name="command">The command.</param>
/// <param name="models">Has the model open.</param>
/// <param name="messages">Receives the progress.</param>
internal sealed class ConceptRuns(TrainCommand command, TrainModels models, ConsoleLog messages)
{
    private readonly SortedDictionary<int, string> results = []; // by the concept's number
    private bool hasFailed,
        isCancelled;

    /// <summary>What each training printed, in the order of the concepts.</summary>
    public IReadOnlyCollection<string> Results => results.Values;

    /// <summary>How many share a U-Net batch; null to decide by the device and its memory.</summary>
    public int? AtOnce { get; init; }

    /// <summary>Trains all. A concept that fails does not stop the others.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperationCanceledException">It was canceled before the first step of a concept.</exception>
    public async Task<int> RunAsync(IReadOnlyList<ParseResult> concepts, CancellationToken cancellationToken)
    {
        await TrainingsAtOnce.RunAsync(
            concepts,
            concept => TrainModels.KindOf(command.Read(concept)),
            concept => models.ChooseConceptsAsync(AtOnce, command.Read(concept), messages, cancellationToken),
            (concept, number, member) => TrainAsync(concept, number, concepts.Count, member, cancellationToken)
        );
        return isCancelled ? ExitCode.Cancelled
            : hasFailed ? ExitCode.Problem
            : ExitCode.Done;
    }

    private async Task TrainAsync(
        ParseResult concept,
        int number,
        int count,
        ConceptsAtOnce.Member? member,
        CancellationToken cancellationToken
    )
    {
        if (isCancelled)
            return;
        var name = command.Read(concept).Placeholder.Name;
        messages.Info($"concept {number + 1} of {count}: {name}");
        var own = member is null ? messages : messages.Of(name);
        try
        {
            await using var result = new StringWriter();
            isCancelled |=
                await command.RunAsync(concept, models, own, result, member, cancellationToken) == ExitCode.Cancelled;
            results[number] = result.ToString().Trim();
        }
        catch (Exception error) when (Problem(error) is { } problem)
        {
            messages.Error.WriteLine($"error: {name}: {problem}");
            hasFailed = true;
        }
    }

    /// <summary>The documents of the trainings as one.</summary>
    public string Json()
    {
        var documents = results.Values.Select(result => JsonSerializer.Deserialize<JsonElement>(result)).ToList();
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
