using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>
/// Finds few vectors that do in prompts what a longer prompt does, without images: the frozen model's own answer to the
/// whole prompt is the target, as in knowledge distillation (Hinton et al. 2015).
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="schedule">Its noise schedule.</param>
/// <param name="source">The prompt.</param>
/// <param name="options">Valid options.</param>
internal sealed class Distiller(
    IDiffusionModel model,
    NoiseSchedule schedule,
    DistillationSource source,
    DistillationOptions options
)
{
    private const int CheckInterval = 25; // steps

    // In half of the steps the prompt is alone.
    private static readonly string[] Templates =
    [
        DistilledPrompts.Alone,
        DistilledPrompts.Alone,
        DistilledPrompts.Alone,
        "a photo of {}",
        "{}, a painting",
        "on a beach, {}",
    ];

    private static readonly string[] NewTemplates = ["a drawing of {}", "in the snow, {}", "{}, at night"];

    private readonly DistilledPrompts prompts = Prompts(model, source, options);

    /// <summary>The tokens of the whole prompt.</summary>
    public int Tokens => prompts.Tokens;

    /// <summary>
    /// Distills. When it is canceled after the first step, the result is what was learned until then, without a
    /// comparison.
    /// </summary>
    /// <param name="preparation">Receives the images of <see cref="NoisyLatents.Count"/> that are done.</param>
    /// <param name="progress">Receives the number of steps that are done, and the loss that was measured last.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    /// <exception cref="TextualInversionException">The vectors became NaN or infinity.</exception>
    public DistillationResult Run(
        IProgress<int>? preparation,
        IProgress<(int Step, double Loss)>? progress,
        CancellationToken cancellationToken
    )
    {
        using var latents = NoisyLatents.Generate(prompts, schedule, options, preparation, cancellationToken);
        using var noise = new NoiseLoss(model, prompts, latents, Templates, options.BatchSize, options.Seed);
        using var states =
            options.Target == DistillationTarget.States ? new StatesLoss(prompts, Templates, options.Seed) : null;
        var learned = Learn((IDistillationLoss?)states ?? noise, progress, cancellationToken);
        using var onDevice = new DeviceRows(learned.Rows, model.Device);
        var distances = TryCompare(noise, latents, onDevice.Leaves, cancellationToken);
        return new DistillationResult(
            learned.Rows,
            prompts.Tokens,
            learned.BestStep,
            prompts.FirstWords,
            prompts.FirstWords is { } words ? prompts.TokensOf(words) : options.Vectors,
            distances ?? []
        )
        {
            Steps = learned.Steps,
            IsCancelled = distances is null,
        };
    }

    private static DistilledPrompts Prompts(
        IDiffusionModel model,
        DistillationSource source,
        DistillationOptions options
    )
    {
        var prompts = new DistilledPrompts(model, source, options.Images, options.Vectors);
        if (options.Target == DistillationTarget.States)
            StatesLoss.RequireRoom(prompts, Templates);
        return prompts;
    }

    /// <returns>The best vectors, on the CPU, their step, and the number of steps.</returns>
    private (IReadOnlyList<Tensor> Rows, int BestStep, int Steps) Learn(
        IDistillationLoss loss,
        IProgress<(int Step, double Loss)>? progress,
        CancellationToken cancellationToken
    )
    {
        using var learned = new LearnedRows(BestStart(loss, cancellationToken), model, options);
        var best = (Loss: loss.Check(learned.OnDevice), Rows: learned.Copy(), Step: 0);
        var now = best.Loss;
        var step = 0;
        cancellationToken.ThrowIfCancellationRequested();
        while (step < options.Steps && !(step > 0 && cancellationToken.IsCancellationRequested))
        {
            learned.Step(loss, step++);
            if (step % CheckInterval == 0 || step == options.Steps)
                Check();
            progress?.Report((step, now));
        }

        if (step < options.Steps && step % CheckInterval != 0)
            Check(); // it was canceled
        return (best.Rows, best.Step, step);

        void Check()
        {
            now = loss.Check(learned.OnDevice);
            if (!(now < best.Loss))
                return;
            foreach (var old in best.Rows)
                old.Dispose();
            best = (now, learned.Copy(), step);
        }
    }

    private IReadOnlyList<Tensor> BestStart(IDistillationLoss loss, CancellationToken cancellationToken) =>
        new DistillationStart(
            prompts,
            options.Vectors,
            rows =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                return loss.CheckQuickly(rows);
            }
        ).Find();

    /// <returns>Null if it is canceled.</returns>
    private List<DistillationDistance>? TryCompare(
        NoiseLoss noise,
        NoisyLatents latents,
        IReadOnlyList<Tensor> learned,
        CancellationToken cancellationToken
    )
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Compare(noise, latents, learned, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private List<DistillationDistance> Compare(
        NoiseLoss noise,
        NoisyLatents latents,
        IReadOnlyList<Tensor> learned,
        CancellationToken cancellationToken
    )
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var batches = latents.ForReport();
        var first = prompts.FirstWords is null ? prompts.FirstTokens : null;
        var whole = Images(prompts.Whole(DistilledPrompts.Alone), null);
        List<DistillationDistance> distances =
        [
            Of(DistillationRival.Vectors, DistilledPrompts.Short, learned),
            Of(DistillationRival.Truncated, Truncated, first),
            Of(DistillationRival.Empty, template => PromptTemplates.Format(template, ""), null),
        ];
        foreach (var batch in batches)
            batch.Dispose();
        return distances;

        string Truncated(string template) =>
            prompts.FirstWords is { } words
                ? PromptTemplates.Format(template, words)
                : DistilledPrompts.Short(template);

        IReadOnlyList<RgbImage> Images(string text, IReadOnlyList<Tensor>? rows) =>
            DistilledImages.Generate(prompts, schedule.Config, options, text, rows, cancellationToken);

        DistillationDistance Of(DistillationRival rival, Func<string, string> text, IReadOnlyList<Tensor>? rows) =>
            new DistillationDistance(
                rival,
                noise.Differences(batches, DistilledPrompts.Alone, text(DistilledPrompts.Alone), rows),
                [.. NewTemplates.SelectMany(template => noise.Differences(batches, template, text(template), rows))],
                [
                    .. whole
                        .Zip(Images(text(DistilledPrompts.Alone), rows))
                        .Select(pair => DistilledImages.Distance(pair.First, pair.Second)),
                ]
            );
    }
}
