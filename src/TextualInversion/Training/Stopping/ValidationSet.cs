using TextualInversion.Training.Data;

namespace TextualInversion.Training.Stopping;

/// <summary>
/// A fixed set of images, noise, timesteps and prompts. On it the loss falls as the embedding improves; the noisy loss
/// of single training steps does not show that (Voronov et al. 2023, https://arxiv.org/abs/2302.04841).
/// </summary>
internal sealed class ValidationSet : IDisposable
{
    private readonly Learner learner;
    private readonly List<TrainingBatch> batches;
    private readonly List<double> withoutPrompts; // the loss of each example
    private readonly Action<int, int>? measuring;
    private readonly int count; // of examples

    /// <param name="learner">The learner whose vectors are validated.</param>
    /// <param name="source">Makes the batches.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="batch">The number of examples in a forward pass.</param>
    /// <param name="measuring">
    /// Called before each forward pass with the number of examples that are measured, and of all.
    /// </param>
    public ValidationSet(
        Learner learner,
        FixedExamples source,
        IReadOnlyList<FixedExample> examples,
        int batch,
        Action<int, int>? measuring = null
    )
    {
        (this.learner, this.measuring) = (learner, measuring);
        count = examples.Count;
        batches = [.. source.InBatches(examples, batch)];
        withoutPrompts = Losses(batches.Select(source.WithoutPrompts));
    }

    /// <summary>The mean loss over all examples with empty prompts, that is, of the model alone.</summary>
    public double LossWithoutPrompts => withoutPrompts.Average();

    /// <summary>The losses of the learner's vectors, as in <see cref="Validation"/>.</summary>
    public (double Loss, double RelativeLoss) Measure()
    {
        var losses = Losses(batches);
        var relative = Math.Exp(losses.Zip(withoutPrompts, (loss, without) => Math.Log(loss / without)).Average());
        return (losses.Average(), relative);
    }

    public void Dispose() => batches.ForEach(batch => batch.Dispose());

    private List<double> Losses(IEnumerable<TrainingBatch> chosen)
    {
        var losses = new List<double>(count);
        foreach (var batch in chosen)
        {
            measuring?.Invoke(losses.Count, count);
            losses.AddRange(learner.EvaluateEach(batch, learner.Rows));
        }

        return losses;
    }
}
