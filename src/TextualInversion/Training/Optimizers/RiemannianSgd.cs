using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>
/// Learns only where a row points, at a norm that stays (Kim et al. 2026, "Directional textual inversion",
/// https://arxiv.org/abs/2512.13672):
/// a row is m v with v on the unit sphere, and v goes a step of the length of the learning rate against the gradient
/// that is tangent to the sphere, drawn to
/// the direction where it began. A norm that grows would drown the prompt's other words.
/// </summary>
/// <param name="rows">(n, d)</param>
/// <param name="norms">m, (n, 1)</param>
/// <param name="prior">how strongly it is drawn to where it began, kappa</param>
internal sealed class RiemannianSgd(Tensor rows, Tensor norms, double prior) : IRowOptimizer
{
    // (n, d)
    private readonly Tensor initialDirection = nn.functional.normalize(rows.detach(), dim: 1).DetachFromDisposeScope();

    public IReadOnlyDictionary<string, Tensor> State =>
        new Dictionary<string, Tensor> { [StateNames.InitialDirection] = initialDirection };

    public void Step(Tensor gradient, double learningRate, int step)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var direction = nn.functional.normalize(rows, dim: 1); // (n, d)
        var pulled = gradient - initialDirection.Times(prior);
        var tangent = pulled - (pulled * direction).sum(1, keepdim: true) * direction;
        var moved = direction - nn.functional.normalize(tangent, dim: 1).Times(learningRate);
        rows.copy_(nn.functional.normalize(moved, dim: 1) * norms);
    }

    public void Dispose() => initialDirection.Dispose();
}
