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

    private readonly DistilledPrompts prompts = new(model, source, options.Images, options.Vectors);

    /// <summary>The tokens of the whole prompt.</summary>
    public int Tokens => prompts.Tokens;

    /// <summary>Distills.</summary>
    /// <param name="preparation">Receives the images of <see cref="NoisyLatents.Count"/> that are done.</param>
    /// <param name="progress">Receives the number of steps that are done, and the loss that was measured last.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    /// <exception cref="TextualInversionException">The prompt is too long for the target, or the vectors became NaN.
    /// </exception>
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
        var (rows, step) = Learn((IDistillationLoss?)states ?? noise, progress, cancellationToken);
        using var onDevice = new DeviceRows(rows, model.Device);
        return new DistillationResult(
            rows,
            prompts.Tokens,
            step,
            prompts.FirstWords,
            prompts.FirstWords is { } words ? prompts.TokensOf(words) : options.Vectors,
            Compare(noise, latents, onDevice.Leaves, cancellationToken)
        );
    }

    /// <returns>The best vectors, on the CPU, and their step.</returns>
    private (IReadOnlyList<Tensor> Rows, int Step) Learn(
        IDistillationLoss loss,
        IProgress<(int Step, double Loss)>? progress,
        CancellationToken cancellationToken
    )
    {
        using var learned = new LearnedRows(BestStart(loss), model, options);
        var best = (Loss: loss.Check(learned.OnDevice), Rows: learned.Copy(), Step: 0);
        var now = best.Loss;
        for (var step = 0; step < options.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            learned.Step(loss, step);
            if ((step + 1) % CheckInterval == 0 || step + 1 == options.Steps)
                now = loss.Check(learned.OnDevice);
            progress?.Report((step + 1, now));
            if (!(now < best.Loss))
                continue;
            foreach (var old in best.Rows)
                old.Dispose();
            best = (now, learned.Copy(), step + 1);
        }

        return (best.Rows, best.Step);
    }

    private IReadOnlyList<Tensor> BestStart(IDistillationLoss loss) =>
        new DistillationStart(prompts, options.Vectors, loss.CheckQuickly).Find();

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
