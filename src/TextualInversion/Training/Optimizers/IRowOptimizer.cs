using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>Moves one encoder's rows along their gradient.</summary>
internal interface IRowOptimizer : IDisposable
{
    /// <summary>The state to resume from, such as moments, by name. Not a copy.</summary>
    IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>Moves the rows, in place.</summary>
    /// <param name="gradient">of the rows' shape</param>
    /// <param name="learningRate">of this step</param>
    /// <param name="step">counted from 1</param>
    void Step(Tensor gradient, double learningRate, int step);
}
