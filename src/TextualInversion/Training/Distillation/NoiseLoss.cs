using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Training.Data;
using TextualInversion.Training.Losses;
using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>
/// The mean squared difference between the U-Net's predictions with the vectors and with the whole prompt, for the same
/// noisy latents.
/// </summary>
/// <param name="model">The frozen model.</param>
/// <param name="prompts">The whole prompt and the vectors.</param>
/// <param name="latents">Latents of images of the model.</param>
/// <param name="templates">Texts around the prompt, of which each step takes one.</param>
/// <param name="batchSize">The latents of a step.</param>
/// <param name="seed">The seed of the order of the templates.</param>
internal sealed class NoiseLoss(
    IDiffusionModel model,
    DistilledPrompts prompts,
    NoisyLatents latents,
    IReadOnlyList<string> templates,
    int batchSize,
    ulong seed
) : IDistillationLoss
{
    private readonly IReadOnlyList<NoisyBatch> fixedBatches = latents.ForChoice();
    private readonly Dictionary<string, Conditioning> whole = [];
    private readonly List<Tensor> targets = []; // of the fixed batches

    public Tensor OfStep(IReadOnlyList<Tensor> rows, int step)
    {
        var random = new StepRandom(seed, RandomStream.Prompt, step);
        var template = templates[random.Index(templates.Count)];
        using var batch = latents.OfStep(step, batchSize);
        var target = Target(batch, template);
        return DenoisingLoss.Squared.Of(
            Predict(batch, prompts.Encode(DistilledPrompts.Short(template), rows)),
            target,
            null,
            null
        );
    }

    public void Backward(Tensor loss) => model.Backward(loss);

    public double Check(IReadOnlyList<Tensor> rows) => Check(rows, fixedBatches.Count);

    public double CheckQuickly(IReadOnlyList<Tensor> rows) => Check(rows, 1);

    /// <summary>The squared difference of each latent of batches, with a text in place of the whole prompt.</summary>
    /// <param name="batches">The batches.</param>
    /// <param name="template">The template of both prompts.</param>
    /// <param name="text">The text that takes the place of the whole prompt, within its template.</param>
    /// <param name="rows">The vectors, or null where the text has none.</param>
    public double[] Differences(
        IReadOnlyList<NoisyBatch> batches,
        string template,
        string text,
        IReadOnlyList<Tensor>? rows
    )
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. batches.SelectMany(batch => Each(batch, text, rows, Target(batch, template)))];
    }

    public void Dispose()
    {
        foreach (var batch in fixedBatches)
            batch.Dispose();
        foreach (var target in targets)
            target.Dispose();
        foreach (var conditioning in whole.Values)
            conditioning.Dispose();
    }

    private double Check(IReadOnlyList<Tensor> rows, int batches)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        while (targets.Count < batches)
            targets.Add(Target(fixedBatches[targets.Count], DistilledPrompts.Alone).DetachFromDisposeScope());
        var text = DistilledPrompts.Short(DistilledPrompts.Alone);
        return fixedBatches
            .Zip(targets)
            .Take(batches)
            .Average(pair => Each(pair.First, text, rows, pair.Second).Average());
    }

    private double[] Each(NoisyBatch batch, string text, IReadOnlyList<Tensor>? rows, Tensor target)
    {
        using var scope = NewDisposeScope();
        var prediction = Predict(batch, prompts.Encode(text, rows));
        return
        [
            .. HostCopy.Floats(DenoisingLoss.Squared.EachOf(prediction, target, null)).Select(each => (double)each),
        ];
    }

    /// <summary>The predictions with the whole prompt, (B, 4, h, w), without a gradient.</summary>
    private Tensor Target(NoisyBatch batch, string template)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (!whole.TryGetValue(template, out var conditioning))
        {
            conditioning = prompts.Encode(prompts.Whole(template), learned: null);
            whole.Add(template, conditioning.DetachFromDisposeScope());
        }

        return Predict(batch, conditioning).MoveToOuterDisposeScope();
    }

    private Tensor Predict(NoisyBatch batch, Conditioning conditioning) =>
        model.PredictNoise(batch.Latents, batch.Timesteps, conditioning.Repeat((int)batch.Latents.shape[0]));
}
