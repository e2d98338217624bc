using static TorchSharp.torch;

namespace TextualInversion.Training.Distillation;

/// <summary>How far vectors are from doing what the whole prompt does.</summary>
internal interface IDistillationLoss : IDisposable
{
    /// <summary>The loss of a step, a scalar with a gradient, in the caller's dispose scope.</summary>
    /// <param name="rows">The vectors, (n, d) for each text encoder.</param>
    /// <param name="step">The step, counted from 0.</param>
    Tensor OfStep(IReadOnlyList<Tensor> rows, int step);

    /// <summary>Back-propagates the loss of a step.</summary>
    void Backward(Tensor loss);

    /// <summary>The loss on examples that are always the same, by which the best vectors are chosen.</summary>
    /// <param name="rows">The vectors, (n, d) for each text encoder.</param>
    double Check(IReadOnlyList<Tensor> rows);

    /// <summary>The same on few of the examples, to compare words from which to start.</summary>
    /// <param name="rows">The vectors, (n, d) for each text encoder.</param>
    double CheckQuickly(IReadOnlyList<Tensor> rows);
}
