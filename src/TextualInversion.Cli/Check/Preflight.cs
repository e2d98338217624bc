using System.Diagnostics;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Estimates;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Check;

/// <summary>Everything that <c>ti train</c> would meet, looked at as far as it can be, and a few steps that are thrown away.</summary>
internal sealed class Preflight(TrainRequest request, ConsoleLog messages)
{
    private const int ResolutionWithoutModel = 512;

    private readonly List<CheckFinding> findings = [];

    private bool IsRefused => findings.Any(finding => finding.Severity == Severity.Error);

    /// <param name="models">where models are looked for</param>
    /// <param name="output">sees whether the files could be written</param>
    /// <param name="cancellationToken">stops it</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<CheckReport> RunAsync(ModelLocator models, Action output, CancellationToken cancellationToken)
    {
        Try(
            CheckSubject.Output,
            () =>
            {
                output();
                return "";
            }
        );
        using var model = await OpenAsync(models, cancellationToken);
        var resolution = request.Options.Resolution ?? model?.Network.Resolution ?? ResolutionWithoutModel;
        var images = new ImageCheck(request.Options, resolution, findings).Look(request.Images, cancellationToken);
        using var start = model is null ? null : Try(CheckSubject.Tokens, () => request.ReadInitializer(model.Network));
        if (model is not null)
            Try(CheckSubject.Tokens, () => new PromptTokenizers(model.Network.Tokenizers, [request.Placeholder]));
        var setup =
            start is null
            || findings.Any(finding => finding is { Severity: Severity.Error, Subject: not CheckSubject.Output })
                ? null
                : Try(CheckSubject.Images, () => TrainSetup.Read(request, model!, start, cancellationToken));
        foreach (
            var warning in (setup?.Warnings ?? []).Where(warning => findings.All(finding => finding.Message != warning))
        )
            findings.Add(new CheckFinding(Severity.Warning, CheckSubject.Images, warning));
        var tokens = start is null ? null : TokenCheck.Look(start, request, setup, model!.Network, findings);
        var time = setup is null || IsRefused ? null : Time(model!, setup, cancellationToken);
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
            findings.Add(new CheckFinding(Severity.Error, CheckSubject.Model, problem.Message));
            return null;
        }
    }

    private CheckedTime Time(TrainModel model, TrainSetup setup, CancellationToken cancellationToken)
    {
        messages.Info("timing a few steps");
        var clock = Stopwatch.StartNew();
        using var images = new LatentDataset(model.Network, setup.Images, setup.Options, cancellationToken);
        var encoding = clock.Elapsed.TotalSeconds;
        var concept = new Concept(setup.Placeholder, setup.Start.Rows, images, setup.Prompts);
        var trial = TrainingTrial.Run(model.Network, model.Noise, setup.Options, concept, cancellationToken);
        using var search =
            request.Initializer == TrainRequest.Auto
                ? new InitializerSearch(model.Network, model.Noise, concept, setup.Options)
                : null;
        if (!trial.IsFinite)
            Refuse("the loss or its gradient is no finite number in the first steps; try --precision fp32");
        else if (!trial.HasGradient)
            Refuse(
                $"the gradient of {setup.Placeholder.Name} is zero, so nothing can be learned; see that each prompt reaches it"
            );
        var searching = (search?.CostInSteps ?? 0) * trial.StepSeconds;
        return new CheckedTime(
            trial.StepSeconds,
            trial.ValidationSeconds,
            request.Options.Steps,
            request.Seeds,
            encoding + searching + (request.Seeds * trial.Seconds(request.Options))
        );

        void Refuse(string message) => findings.Add(new CheckFinding(Severity.Error, CheckSubject.Training, message));
    }

    private static CheckedModel Describe(TrainModel model) =>
        new(
            model.Name,
            model.Files.Family,
            model
                .Files.Weights("unet")
                .Tensors.Values.Sum(entry => entry.Shape.Aggregate(1L, (product, length) => product * length)),
            [.. model.Network.Vocabularies.Select(vocabulary => vocabulary.shape[1])],
            model.Network.Resolution,
            model.Noise.Config.PredictionType,
            model.Network.Device.ToString()
        );

    private CheckedMemory Memory(TrainModel model, bool hasStepped)
    {
        var need = MemoryBudget.OfTraining(model.Files, request.Device, request.Precision, request.Options);
        if (!need.Fits && !model.UsesGradientCheckpointing)
            findings.Add(
                new CheckFinding(
                    Severity.Warning,
                    CheckSubject.Training,
                    "a step may not fit into memory; say --gradient-checkpointing on, --precision bf16 or a smaller --batch"
                )
            );
        return new CheckedMemory(
            need.EstimatedBytes,
            need.AvailableBytes,
            model.UsesGradientCheckpointing,
            hasStepped ? ProcessMemory.PeakBytes() : null
        );
    }

    private T? Try<T>(CheckSubject subject, Func<T> work)
        where T : class
    {
        try
        {
            return work();
        }
        catch (TextualInversionException problem)
        {
            findings.Add(new CheckFinding(Severity.Error, subject, problem.Message));
            return null;
        }
    }
}
