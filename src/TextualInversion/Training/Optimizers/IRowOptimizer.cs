using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>Optimizes the vectors of one text encoder.</summary>
internal interface IRowOptimizer : IDisposable
{
    /// <summary>The state to resume from, such as moments, by name. Not a copy.</summary>
    IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Takes a step, in place.</summary>
    /// <param name="gradient">The gradient, of the vectors' shape.</param>
    /// <param name="learningRate">The learning rate of this step.</param>
    /// <param name="step">The step, counted from 1.</param>
    void Step(Tensor gradient, double learningRate, int step);
}
