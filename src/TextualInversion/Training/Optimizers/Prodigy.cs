using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>
/// Prodigy (Mishchenko and Defazio 2023, "Prodigy: An expeditiously adaptive parameter-free learner",
/// https://arxiv.org/abs/2306.06101, algorithm 4): Adam with the step size d, a lower bound of the distance from the
/// initial vectors to the solution, which rises while the gradients keep their direction. The learning rate is a factor
/// of d. The results equal those of the authors' implementation with its defaults. The vectors of each text encoder
/// have their own d; with several groups of parameters, the authors' implementation has one for all.
/// </summary>
internal sealed class Prodigy(Tensor parameter, double beta1, double beta2, double epsilon, double weightDecay)
    : IRowOptimizer
{
    private const double InitialDistance = 1e-6;

    private readonly double beta3 = Math.Sqrt(beta2);
    private readonly Tensor initialRows = parameter.detach().clone().DetachFromDisposeScope();
    private readonly Tensor firstMoment = zeros_like(parameter).DetachFromDisposeScope();
    private readonly Tensor secondMoment = zeros_like(parameter).DetachFromDisposeScope();
    private readonly Tensor gradientSum = zeros_like(parameter).DetachFromDisposeScope(); // s of the paper

    // d and the numerator of its next estimate, r of the paper: (2) float64 on the CPU.
    private readonly Tensor distance = tensor([InitialDistance, 0], ScalarType.Float64).DetachFromDisposeScope();

    public IReadOnlyDictionary<string, Tensor> State =>
        new Dictionary<string, Tensor>
        {
            [StateNames.InitialRows] = initialRows,
            [StateNames.FirstMoment] = firstMoment,
            [StateNames.SecondMoment] = secondMoment,
            [StateNames.GradientSum] = gradientSum,
            [StateNames.Distance] = distance,
        };

    public void Step(Tensor gradient, double learningRate, int step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (step == 1)
            initialRows.copy_(parameter); // they may have been rescaled since

        var (d, numerator) = (distance.data<double>()[0], distance.data<double>()[1]);
        firstMoment.MultiplyInPlace(beta1).AddInPlace(gradient, d * (1 - beta1));
        secondMoment.MultiplyInPlace(beta2).AddProductInPlace(gradient, gradient, d * d * (1 - beta2));

        // The estimate is a quotient, so that the weight of a step has any unit; this one keeps float32 from underflow.
        var weight = d / InitialDistance * d * learningRate;
        gradientSum.MultiplyInPlace(beta3).AddInPlace(gradient, weight);
        var sums = HostCopy.Scalars([(gradient * (initialRows - parameter)).sum(), gradientSum.abs().sum()]);
        if (sums[1] == 0)
            return; // no gradient yet
        numerator = beta3 * numerator + weight * sums[0];
        var next = Math.Max(d, numerator / sums[1]);
        distance.copy_(tensor([next, numerator], ScalarType.Float64));

        parameter.AddInPlace(parameter, -d * learningRate * weightDecay); // rounds as theirs; d is sensitive to it
        var denominator = secondMoment.sqrt().Plus(next * epsilon);
        parameter.AddQuotientInPlace(firstMoment, denominator, -d * learningRate);
    }

    public void Dispose()
    {
        foreach (var tensor in State.Values)
            tensor.Dispose();
    }
}
