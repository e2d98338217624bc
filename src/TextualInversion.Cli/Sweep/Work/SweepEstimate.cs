using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Training.Estimates;
using TextualInversion.Training.Initializers;
using static System.FormattableString;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// Checks the words of all cells with the model, times a few steps of one cell of each kind, and says how long the
/// sweep takes at most and how much memory it needs.
/// </summary>
/// <param name="models">Opens the models.</param>
/// <param name="commands">The command of each cell.</param>
/// <param name="folder">The sweep's folder.</param>
/// <param name="messages">Receives the estimate.</param>
internal sealed class SweepEstimate(TrainModels models, CellCommands commands, SweepFolder folder, ConsoleLog messages)
{
    private readonly Dictionary<object, double> evaluations = []; // seconds
    private readonly Dictionary<object, (TrainingTrial? Trial, double SearchSteps)> trials = [];
    private long largest,
        available;

    /// <param name="missing">The cells that are missing, with their arguments.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="TextualInversionException">
    /// The model is missing, or the vocabulary holds a token or lacks the words of an initializer.
    /// </exception>
    public async Task RunAsync(
        IReadOnlyList<(SweepCell Cell, TrainRequest Request)> missing,
        CancellationToken cancellationToken
    )
    {
        var open = missing.Where(each => folder.StateOf(each.Cell.Name) != CellState.Done).ToList();
        var requests = open.ConvertAll(each => each.Request);
        await CheckWordsAsync(requests, cancellationToken);
        double seconds = 0;
        var untimed = 0;
        foreach (var request in requests)
        {
            var model = await models.OpenAsync(request, messages, cancellationToken);
            var (trial, searchSteps) = TrialOf(request, model, cancellationToken);
            untimed += trial is null ? 1 : 0;
            var options = request.Options;
            seconds += request.SearchesInitializer ? searchSteps * (trial?.StepSeconds ?? 0) : 0;
            seconds += trial?.Seconds(options) ?? 0;
        }

        foreach (var (cell, request) in missing)
            seconds += await EvaluationSecondsAsync(cell, request, cancellationToken);
        if (missing.Count == 0)
            return;
        var steps = requests.Sum(request => (long)request.Options.Steps);
        var training = Invariant($"{Plural.Of(requests.Count, "cell")} to train, at most {steps} steps");
        var scoring = missing.Any(each => each.Cell.Evaluation is not null)
            ? $", {Plural.Of(missing.Count, "cell")} to score"
            : "";
        var rest = untimed == 0 ? "" : $" ({Plural.Of(untimed, "cell")} could not be timed)";
        var memory =
            largest == 0
                ? ""
                : $"; a step needs {ByteSize.Format(largest)} of memory, and {ByteSize.Format(available)} are there";
        messages.Info(
            $"{training}{scoring}: at most {Describe(TimeSpan.FromSeconds(seconds))} on one device{rest}{memory}"
        );
    }

    /// <summary>The time to generate the images that score a cell; 0 if it is not scored.</summary>
    private async Task<double> EvaluationSecondsAsync(
        SweepCell cell,
        TrainRequest request,
        CancellationToken cancellationToken
    )
    {
        if (cell.Evaluation is null)
            return 0;
        var kind = (TrainModels.KindOf(request), string.Join('\n', cell.Evaluation), request.Options.Property);
        if (evaluations.TryGetValue(kind, out var known))
            return known;
        var model = await models.OpenAsync(request, messages, cancellationToken);
        var (options, scheduler) = commands.Eval.ReadImages(commands.Evaluate(cell), model.Files, model.Network);
        return evaluations[kind] = EvaluationTrial.Seconds(model.Network, scheduler, options, cancellationToken);
    }

    /// <summary>Refuses tokens that a vocabulary holds, and initializers that it cannot read.</summary>
    /// <exception cref="TextualInversionException">There are such; the message names all.</exception>
    private async Task CheckWordsAsync(IReadOnlyList<TrainRequest> requests, CancellationToken cancellationToken)
    {
        var problems = new SweepProblems("The sweep");
        var different = requests.DistinctBy(each => (each.Model, each.Placeholder, each.Options.Initializer));
        foreach (var request in different)
        {
            var network = (await models.OpenAsync(request, messages, cancellationToken)).Network;
            try
            {
                _ = new PromptTokenizers(network.Tokenizers, [request.Placeholder]);
                using var start = request.ReadInitializer(network);
            }
            catch (TextualInversionException problem)
            {
                problems.Add($"{request.Placeholder.Name}: {problem.Message}");
            }
        }

        problems.ThrowIfAny();
    }

    private static string Describe(TimeSpan time) =>
        time.TotalHours >= 48 ? Invariant($"{time.TotalDays:F1} days")
        : time.TotalHours >= 2 ? Invariant($"{time.TotalHours:F1} hours")
        : time.TotalMinutes >= 2 ? Invariant($"{time.TotalMinutes:F1} minutes")
        : Invariant($"{time.TotalSeconds:F0} s");

    /// <summary>The trial of a kind of cell. Cells of one kind take as long for a step.</summary>
    private (TrainingTrial? Trial, double SearchSteps) TrialOf(
        TrainRequest request,
        TrainModel model,
        CancellationToken cancellationToken
    )
    {
        var options = request.Options;
        var kind = (
            (request.Model, request.Precision, request.Device),
            (options.Resolution, options.BatchSize, options.GradientAccumulationSteps, options.ValidateEvery > 0),
            request.SearchesInitializer ? options.SearchSteps : 0
        );
        if (trials.TryGetValue(kind, out var known) && known.Trial is not null)
            return known;
        var network = model.Network;
        var need = TrainingMemory.Estimate(
            model.Files,
            options.Resolution,
            options.BatchSize,
            network.Type,
            MemoryChoice.In(network)
        );
        (largest, available) = (Math.Max(largest, need), MemoryBudget.Of(network.Device).AvailableBytes);
        return trials[kind] = Time(request, model, cancellationToken);
    }

    private (TrainingTrial? Trial, double SearchSteps) Time(
        TrainRequest request,
        TrainModel model,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var start = request.ReadInitializer(model.Network);
            using var job = TrainingJob.Create(request, model, start, cancellationToken);
            job.Encode(models.Locator.LatentCache, messages, cancellationToken);
            var (network, noise, options) = (model.Network, model.Noise, job.Setup.Options);
            var trial = TrainingTrial.Run(network, noise, options, job.Concept, cancellationToken);
            var search = request.SearchesInitializer ? new PhraseSearch(network, noise, job.Concept, options) : null;
            return (trial, search?.LargestCostInSteps ?? 0);
        }
        catch (TextualInversionException)
        {
            return (null, 0); // a bad image fails in its own cell
        }
    }
}
