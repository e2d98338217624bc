using TextualInversion.Training.Data;

namespace TextualInversion.Training.Stopping;

/// <summary>
/// A fixed set of images, noise, timesteps and prompts. On it the loss falls as the embedding improves; the noisy loss
/// of single training steps does not show that (Voronov et al. 2023, https://arxiv.org/abs/2302.04841).
/// </summary>
internal sealed class ValidationSet : IDisposable
{
    private readonly List<TrainingBatch> batches,
        withoutPrompts;

    /// <param name="source">Makes the batches.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="batch">The number of examples in a forward pass.</param>
    public ValidationSet(FixedExamples source, IReadOnlyList<FixedExample> examples, int batch)
    {
        batches = [.. source.InBatches(examples, batch)];
        withoutPrompts = [.. batches.Select(source.WithoutPrompts)];
    }

    /// <summary>The mean loss over all examples.</summary>
    /// <param name="lossOf">Computes the mean loss of a batch.</param>
    public double Loss(Func<TrainingBatch, double> lossOf) => Mean(batches, lossOf);

    /// <summary>The same with empty prompts, that is, of the model alone.</summary>
    public double LossWithoutPrompts(Func<TrainingBatch, double> lossOf) => Mean(withoutPrompts, lossOf);

    public void Dispose() => batches.ForEach(batch => batch.Dispose());

    private static double Mean(List<TrainingBatch> batches, Func<TrainingBatch, double> lossOf) =>
        batches.Sum(batch => lossOf(batch) * batch.Timesteps.Length) / batches.Sum(batch => batch.Timesteps.Length);
}
