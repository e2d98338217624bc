using System.Diagnostics;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Estimates;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Check;

/// <summary>
/// Checks everything that <c>ti train</c> needs, as far as possible, and times a few steps whose result is dropped.
/// </summary>
internal sealed class Preflight(TrainRequest request, ConsoleLog messages)
{
    private const int ResolutionWithoutModel = 512;

    private readonly List<CheckFinding> findings = [];

    private bool IsRefused => findings.Any(finding => finding.Severity == Severity.Error);

    /// <param name="models">Finds models.</param>
    /// <param name="claimOutput">Throws if the files could not be written.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<CheckReport> RunAsync(
        ModelLocator models,
        Action claimOutput,
        CancellationToken cancellationToken
    )
    {
        Try(CheckSubject.Output, claimOutput);
        using var model = await OpenAsync(models, cancellationToken);
        var resolution = request.Options.Resolution ?? model?.Network.Resolution ?? ResolutionWithoutModel;
        var images = new ImageCheck(request.Options, resolution, findings).Look(request.Images, cancellationToken);
        using var start = model is null ? null : Try(CheckSubject.Tokens, () => request.ReadInitializer(model.Network));
        using var job = start is null ? null : Prepare(model!, start, cancellationToken);
        var tokens = start is null ? null : TokenCheck.Look(start, request, job?.Setup.PromptLengths, findings);
        var time = job is null || IsRefused ? null : Time(job, cancellationToken);
        return new CheckReport
        {
            Verdict =
                IsRefused ? CheckVerdict.Refused
                : findings.Count > 0 ? CheckVerdict.ReadyWithWarnings
                : CheckVerdict.Ready,
            Images = images,
            Tokens = tokens,
            Model = model is null ? null : Describe(model),
            Memory = model is null ? null : Memory(model, time is not null),
            Time = time,
            Findings = findings,
        };
    }

    private async Task<TrainModel?> OpenAsync(ModelLocator models, CancellationToken cancellationToken)
    {
        try
        {
            return await TrainModel.OpenAsync(request, models, messages, cancellationToken);
        }
        catch (TextualInversionException problem)
        {
            Add(Severity.Error, CheckSubject.Model, problem.Message);
            return null;
        }
    }

    /// <summary>The job, or null if training would be refused.</summary>
    private TrainingJob? Prepare(TrainModel model, InitialEmbedding start, CancellationToken cancellationToken)
    {
        Try(CheckSubject.Tokens, () => _ = new PromptTokenizers(model.Network.Tokenizers, [request.Placeholder]));
        if (findings.Any(finding => finding is { Severity: Severity.Error, Subject: not CheckSubject.Output }))
            return null;
        var job = Try(CheckSubject.Images, () => TrainingJob.Create(request, model, start, cancellationToken));
        foreach (var warning in job?.Setup.Warnings ?? [])
        {
            if (findings.All(finding => finding.Message != warning))
                Add(Severity.Warning, CheckSubject.Images, warning);
        }

        return job;
    }

    private CheckedTime Time(TrainingJob job, CancellationToken cancellationToken)
    {
        messages.Info("timing a few steps");
        var clock = Stopwatch.StartNew();
        job.Encode(cancellationToken);
        var encoding = clock.Elapsed.TotalSeconds;
        var (network, noise, options) = (job.Model.Network, job.Model.Noise, job.Setup.Options);
        var trial = TrainingTrial.Run(network, noise, options, job.Concept, cancellationToken);
        using var search =
            request.Initializer == TrainRequest.Auto
                ? new InitializerSearch(network, noise, job.Concept, options)
                : null;
        if (!trial.IsFinite)
            Add(
                Severity.Error,
                CheckSubject.Training,
                "the loss or its gradient is NaN or infinite in the first steps; try --precision fp32"
            );
        else if (!trial.HasGradient)
            Add(
                Severity.Error,
                CheckSubject.Training,
                $"the gradient of {request.Placeholder.Name} is zero, so nothing can be learned; check that "
                    + $"each prompt reaches it"
            );
        var searching = (search?.CostInSteps ?? 0) * trial.StepSeconds;
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
        var need = MemoryBudget.OfTraining(model.Files, request.Device, request.Precision, request.Options);
        if (!need.Fits && !model.UsesGradientCheckpointing)
            Add(
                Severity.Warning,
                CheckSubject.Training,
                "a step may not fit into memory; try --gradient-checkpointing on, --precision bf16 or a smaller --batch"
            );
        return new CheckedMemory(
            need.EstimatedBytes,
            need.AvailableBytes,
            model.UsesGradientCheckpointing,
            hasStepped ? ProcessMemory.PeakBytes() : null
        );
    }

    private void Add(Severity severity, CheckSubject subject, string message) =>
        findings.Add(new CheckFinding(severity, subject, message));

    private void Try(CheckSubject subject, Action work) =>
        Try(
            subject,
            () =>
            {
                work();
                return this;
            }
        );

    private T? Try<T>(CheckSubject subject, Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (TextualInversionException problem)
        {
            Add(Severity.Error, subject, problem.Message);
            return null;
        }
    }
}
