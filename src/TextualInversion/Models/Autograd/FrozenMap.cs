using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>
/// An affine map y = A x + b with frozen A and b, computed by functions that know nothing of gradients: x's is A^T times y's, and needs neither x nor y.
/// </summary>
/// <param name="Apply">y of x</param>
/// <param name="ApplyTransposed">A^T g of g, of y's shape</param>
internal sealed record FrozenMap(Func<Tensor, Tensor> Apply, Func<Tensor, Tensor> ApplyTransposed)
{
    /// <summary>y, with x's gradient where one is wanted; see <see cref="FrozenFunction.Apply"/>.</summary>
    public Tensor Forward(Tensor x) =>
        FrozenFunction.IsWanted(x) ? FrozenFunction.Apply(() => (Apply(x), gradient => [ApplyTransposed(gradient)]), x) : Apply(x);
}
