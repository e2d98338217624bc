using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019, algorithm 2) for one small tensor. It performs the same operations in the same
/// order as PyTorch, so that the results are equal.
/// </summary>
internal sealed class AdamW(Tensor parameter, double beta1, double beta2, double epsilon, double weightDecay)
    : IRowOptimizer
{
    private readonly Tensor firstMoment = zeros_like(parameter).DetachFromDisposeScope();
    private readonly Tensor secondMoment = zeros_like(parameter).DetachFromDisposeScope();

    public IReadOnlyDictionary<string, Tensor> State =>
        new Dictionary<string, Tensor>
        {
            [StateNames.FirstMoment] = firstMoment,
            [StateNames.SecondMoment] = secondMoment,
        };

    public void Step(Tensor gradient, double learningRate, int step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        parameter.MultiplyInPlace(1 - learningRate * weightDecay);
        firstMoment.InterpolateInPlace(gradient, 1 - beta1);
        secondMoment.MultiplyInPlace(beta2).AddProductInPlace(gradient, gradient, 1 - beta2);
        var denominator = secondMoment.sqrt().DividedBy(Math.Sqrt(1 - Math.Pow(beta2, step))).Plus(epsilon);
        parameter.AddQuotientInPlace(firstMoment, denominator, -learningRate / (1 - Math.Pow(beta1, step)));
    }

    public void Dispose()
    {
        firstMoment.Dispose();
        secondMoment.Dispose();
    }
}
