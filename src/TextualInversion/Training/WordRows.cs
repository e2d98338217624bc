using TextualInversion.Native;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// The vectors of one word among those of all words that are learned together, with their optimizers. They are rows
/// <see cref="First"/> to <see cref="First"/> + <see cref="Count"/> - 1 of the tensors of all.
/// </summary>
internal sealed class WordRows : IDisposable
{
    private readonly List<Tensor> views; // (n, d) for each text encoder, of the tensors of all words
    private readonly List<Tensor?> norms; // (n, 1) for each text encoder, or null if the norm is free
    private readonly IRowOptimizer[] optimizers; // one for each text encoder
    private readonly double learningRateFactor;

    /// <param name="first">The number of the word's first vector among those of all.</param>
    /// <param name="count">The number of its vectors.</param>
    /// <param name="learningRate">The word's peak learning rate, or null for that of the options.</param>
    /// <param name="rows">The vectors of all words, for each text encoder, on the CPU.</param>
    /// <param name="norms">The norms that they keep, (rows, 1) for each text encoder, or null.</param>
    /// <param name="options">Valid options.</param>
    public WordRows(
        long first,
        long count,
        double? learningRate,
        IReadOnlyList<Tensor> rows,
        IReadOnlyList<Tensor?> norms,
        TrainOptions options
    )
    {
        (First, Count) = (first, count);
        learningRateFactor = learningRate is { } own ? own / options.LearningRate : 1;
        using var scope = NewDisposeScope();
        views = [.. rows.Select(row => Of(row).DetachFromDisposeScope())];
        this.norms = [.. norms.Select(norm => norm is null ? null : Of(norm).DetachFromDisposeScope())];
        optimizers = [.. views.Zip(this.norms, (view, norm) => Create(view, norm, options))];
    }

    public long First { get; }

    public long Count { get; }

    /// <summary>The tensors of the optimizer of each text encoder, by name.</summary>
    public IEnumerable<IReadOnlyDictionary<string, Tensor>> States => optimizers.Select(optimizer => optimizer.State);

    /// <summary>The vectors of several words, one after another, (n, d) for each text encoder.</summary>
    /// <param name="each">The vectors of each word. Those of a single one are returned.</param>
    public static IReadOnlyList<Tensor> Join(IReadOnlyList<IReadOnlyList<Tensor>> each) =>
        each.Count == 1
            ? each[0]
            : [.. each[0].Select((_, encoder) => cat([.. each.Select(own => own[encoder])], dim: 0))];

    /// <summary>The word's part of tensors that have a row for each vector of all words. They share memory.</summary>
    public Tensor Of(Tensor all) => all.narrow(0, First, Count);

    /// <summary>Updates the vectors.</summary>
    /// <param name="gradients">The gradients of the vectors of all words, for each text encoder, on the CPU.</param>
    /// <param name="learningRate">The learning rate of the step, for words at the options' rate.</param>
    /// <param name="step">The number of this step among those of the word, from 1.</param>
    public void Step(IReadOnlyList<Tensor> gradients, double learningRate, int step)
    {
        using var scope = NewDisposeScope();
        for (var encoder = 0; encoder < optimizers.Length; encoder++)
            optimizers[encoder].Step(Of(gradients[encoder]), learningRate * learningRateFactor, step);
    }

    /// <summary>Scales the word's gradients down if their norm exceeds the largest one.</summary>
    /// <param name="gradients">As in <see cref="Step"/>.</param>
    /// <param name="most">The largest norm, or 0 for any.</param>
    /// <returns>The sum of their squares before that.</returns>
    public double Clip(IReadOnlyList<Tensor> gradients, double most)
    {
        using var scope = NewDisposeScope();
        var own = gradients.Select(Of).ToList();
        double squares = own.Sum(gradient => gradient.Squared().sum().item<float>());
        var norm = Math.Sqrt(squares);
        if (most > 0 && norm > most)
        {
            foreach (var gradient in own)
                gradient.MultiplyInPlace(most / norm);
        }

        return squares;
    }

    public void Dispose()
    {
        foreach (var optimizer in optimizers)
            optimizer.Dispose();
        views.ForEach(view => view.Dispose());
        norms.ForEach(norm => norm?.Dispose());
    }

    private static IRowOptimizer Create(Tensor row, Tensor? norm, TrainOptions options) =>
        options.Optimizer switch
        {
            OptimizerKind.AdamW => new AdamW(row, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay),
            OptimizerKind.Prodigy => new Prodigy(
                row,
                options.Beta1,
                options.Beta2,
                options.Epsilon,
                options.WeightDecay
            ),
            OptimizerKind.Direction => new RiemannianSgd(row, norm!, options.DirectionPrior),
            _ => throw new ArgumentOutOfRangeException(nameof(options)),
        };
}
