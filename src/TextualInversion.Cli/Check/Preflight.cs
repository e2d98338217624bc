using System.Diagnostics;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Training.Estimates;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Check;

/// <summary>
/// Checks as much as possible of what <c>ti train</c> needs, and times a few steps whose result is discarded.
/// </summary>
/// <param name="request">The arguments.</param>
/// <param name="findings">Receives the problems found.</param>
/// <param name="messages">Receives the progress.</param>
internal sealed class Preflight(TrainRequest request, CheckFindings findings, ConsoleLog messages)
{
    private const int ResolutionWithoutModel = 512;

    /// <param name="models">Finds models.</param>
    /// <param name="claimOutput">Throws if the files could not be written.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task<CheckReport> RunAsync(
        ModelLocator models,
        Action claimOutput,
        CancellationToken cancellationToken
    )
    {
        findings.Try(CheckSubject.Output, claimOutput);
        using var model = await OpenAsync(models, cancellationToken);
        var resolution = request.Options.Resolution ?? model?.Network.Resolution ?? ResolutionWithoutModel;
        var images = new ImageCheck(request.Options, resolution, findings).Look(request.Images, cancellationToken);
        using var start = model is null
            ? null
            : findings.Try(CheckSubject.Tokens, () => request.ReadInitializer(model.Network));
        using var job = start is null ? null : Prepare(model!, start, cancellationToken);
        var tokens = start is null ? null : TokenCheck.Look(start, request, job?.Setup.PromptLengths, findings);
        var time = job is null || findings.HasErrors ? null : Time(job, cancellationToken);
        return new CheckReport
        {
            Verdict =
                findings.HasErrors ? CheckVerdict.Refused
                : findings.All.Count > 0 ? CheckVerdict.ReadyWithWarnings
                : CheckVerdict.Ready,
            Images = images,
            Tokens = tokens,
            Model = model is null ? null : Describe(model),
            Memory = model is null ? null : Memory(model, time is not null),
            Time = time,
            Findings = findings.All,
        };
    }

    private async Task<TrainModel?> OpenAsync(ModelLocator models, CancellationToken cancellationToken)
    {
        try
        {
            return await TrainModel.OpenAsync(request, concepts: 1, models, messages, cancellationToken);
        }
        catch (TextualInversionException problem)
        {
            findings.Refuse(CheckSubject.Model, problem);
            return null;
        }
    }

    /// <summary>The job, or null if training would be refused.</summary>
    private TrainingJob? Prepare(TrainModel model, InitialEmbedding start, CancellationToken cancellationToken)
    {
        findings.Try(
            CheckSubject.Tokens,
            () => _ = new PromptTokenizers(model.Network.Tokenizers, [request.Placeholder])
        );
        if (findings.All.Any(finding => finding is { Severity: Severity.Error, Subject: not CheckSubject.Output }))
            return null;
        var job = findings.Try(CheckSubject.Images, () => TrainingJob.Create(request, model, start, cancellationToken));
        foreach (var warning in job?.Setup.Warnings ?? [])
            findings.Warn(CheckSubject.Images, warning);
        return job;
    }

    private CheckedTime Time(TrainingJob job, CancellationToken cancellationToken)
    {
        messages.Info("timing a few steps");
        var clock = Stopwatch.StartNew();
        job.Encode(cache: null, messages, cancellationToken); // timed, so nothing comes from a cache
        var encoding = clock.Elapsed.TotalSeconds;
        var (network, noise, options) = (job.Model.Network, job.Model.Noise, job.Setup.Options);
        var trial = TrainingTrial.Run(network, noise, options, job.Concept, cancellationToken);
        var search = request.SearchesInitializer ? new PhraseSearch(network, noise, job.Concept, options) : null;
        if (!trial.IsFinite)
            findings.Refuse(
                CheckSubject.Training,
                "the loss or its gradient is NaN or infinite in the first steps; try --precision fp32"
            );
        else if (!trial.HasGradient)
            findings.Refuse(
                CheckSubject.Training,
                $"the gradient of {request.Placeholder.Name} is zero, so nothing can be learned; check that each "
                    + "prompt reaches it"
            );
        else if (DemoModelLimit.Warning(job, cancellationToken) is { } limit)
            findings.Warn(CheckSubject.Training, limit);
        var searching = (search?.LargestCostInSteps ?? 0) * trial.StepSeconds;
        return new CheckedTime(
            trial.StepSeconds,
            trial.ValidationSeconds,
            request.Options.Steps,
            request.Seeds,
            encoding + searching + (request.Seeds * trial.Seconds(request.Options))
        );
    }

    private static CheckedModel Describe(TrainModel model)
    {
        var tensors = model.Files.Weights("unet").Tensors.Values;
        return new CheckedModel(
            model.Name,
            model.Files.Family,
            tensors.Sum(entry => entry.Shape.Aggregate(1L, (product, length) => product * length)),
            [.. model.Network.Vocabularies.Select(vocabulary => vocabulary.shape[1])],
            model.Network.Resolution,
            model.Noise.Config.PredictionType,
            model.Network.Device.ToString()
        );
    }

    private CheckedMemory Memory(TrainModel model, bool hasStepped)
    {
        var (options, network) = (request.Options, model.Network);
        var choice = MemoryChoice.In(network);
        var need = Estimate(default);
        var budget = MemoryBudget.Of(network.Device);
        if (Estimate(choice) > budget.ForTraining)
            findings.Warn(
                CheckSubject.Training,
                $"a step may not fit into memory; try {(choice.KeepsHalf ? "" : "--memory low, ")}"
                    + $"{(model.Precision == Precision.Fp32 ? "--precision bf16, " : "")}a smaller --batch or a "
                    + "smaller --resolution"
            );
        return new CheckedMemory(
            need,
            budget.AvailableBytes,
            choice.GradientCheckpointing,
            hasStepped ? ProcessMemory.PeakBytes() : null,
            CardEstimate.Of(model.Files, options.Resolution)
        );

        long Estimate(MemoryChoice saving) =>
            TrainingMemory.Estimate(model.Files, options.Resolution, options.BatchSize, network.Type, saving);
    }
}
