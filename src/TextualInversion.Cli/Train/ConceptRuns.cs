using System.CommandLine;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Native;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>Trains one of several concepts, as <see cref="TrainCommand"/> does.</summary>
internal delegate Task<int> ConceptTraining(
    ParseResult concept,
    ConsoleLog messages,
    TextWriter result,
    ConceptsAtOnce.Member? member,
    CancellationToken cancellationToken
);

/// <summary>
/// <c>train --concept</c>: several concepts on one loaded model. Each is the command line with the concept's own
/// options, so that one after another their embeddings have the same bytes as when they are trained alone.
/// </summary>
/// <param name="command">The command.</param>
/// <param name="models">Has the model open.</param>
/// <param name="train">Trains a concept with these models.</param>
/// <param name="messages">Receives the progress.</param>
internal sealed class ConceptRuns(TrainCommand command, TrainModels models, ConceptTraining train, ConsoleLog messages)
{
    private readonly SortedDictionary<int, string> results = []; // by the concept's number
    private readonly HashSet<string> begun = []; // those that learned something, or failed
    private bool hasFailed,
        isCancelled;

    /// <summary>What each training printed, in the order of the concepts.</summary>
    public IReadOnlyCollection<string> Results => results.Values;

    /// <summary>How many share a U-Net batch; null to decide by the device and its memory.</summary>
    public int? AtOnce { get; init; }

    /// <summary>
    /// Trains all. A concept that fails does not stop the others. After a cancellation no other one begins.
    /// </summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IReadOnlyList<ParseResult> concepts, CancellationToken cancellationToken)
    {
        try
        {
            await TrainingsAtOnce.RunAsync(
                concepts,
                concept => TrainModels.KindOf(command.Read(concept)),
                concept => models.ChooseConceptsAsync(AtOnce, command.Read(concept), messages, cancellationToken),
                (concept, number, member) => TrainAsync(concept, number, concepts.Count, member, cancellationToken),
                messages
            );
        }
        catch (OperationCanceledException) // while a model was downloaded
        {
            isCancelled = true;
        }

        if (isCancelled)
            ReportRest(concepts);
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
        isCancelled |= cancellationToken.IsCancellationRequested;
        if (isCancelled)
            return;
        var name = NameOf(concept);
        messages.Info($"concept {number + 1} of {count}: {name}");
        member?.Name = name;
        await using var result = new StringWriter();
        try
        {
            var own = member is null ? messages : messages.Of(name);
            var exitCode = await train(concept, own, result, member, cancellationToken);
            isCancelled |= exitCode == ExitCode.Cancelled; // another one may have been canceled meanwhile
            begun.Add(name);
        }
        catch (OperationCanceledException)
        {
            isCancelled = true;
        }
        catch (Exception error) when (Problem(error, member) is { } problem)
        {
            messages.Error.WriteLine($"error: {name}: {problem}");
            hasFailed = true;
            begun.Add(name);
        }

        // A training that diverged has written its best embedding.
        if (result.ToString().Trim() is { Length: > 0 } text)
            results[number] = text;
    }

    /// <summary>The documents of the trainings as one.</summary>
    public string Json()
    {
        var documents = results.Values.Select(result => JsonSerializer.Deserialize<JsonElement>(result)).ToList();
        return JsonOutput.Serialize(new Dictionary<string, List<JsonElement>> { ["concepts"] = documents });
    }

    private void ReportRest(IReadOnlyList<ParseResult> concepts)
    {
        var rest = concepts.Select(NameOf).Where(name => !begun.Contains(name)).ToList();
        messages.Info(
            rest.Count == 0
                ? "canceled"
                : $"canceled; not trained: {string.Join(", ", rest)}; run the command again with the --concept of these"
        );
    }

    private string NameOf(ParseResult concept) => command.Read(concept).Placeholder.Name;

    private string? Problem(Exception error, ConceptsAtOnce.Member? member) =>
        error switch
        {
            TextualInversionException problem => command.MessageOf(problem),
            UsageException => error.Message,
            _ when OutOfMemory.Is(error) => MemoryProblem.Anywhere(isInBatchOfSeveral: member is not null),
            _ => IoErrors.IsFileError(error) ? error.Message : null,
        };
}
