using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Optimizers;

/// <summary>
/// Learns only the direction of each vector and keeps its norm (Kim et al. 2026, "Directional textual inversion",
/// https://arxiv.org/abs/2512.13672). A vector is m v with v on the unit sphere. A step moves v against the part of the
/// gradient that is tangent to the sphere, by the learning rate, and a prior pulls it toward its initial direction.
/// With a growing norm the other words of a prompt would lose their effect.
/// </summary>
/// <param name="rows">The vectors, (n, d).</param>
/// <param name="norms">Their norms m, (n, 1).</param>
/// <param name="prior">kappa, the strength of the pull toward the initial direction.</param>
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
