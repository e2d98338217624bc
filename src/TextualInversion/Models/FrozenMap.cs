using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// An affine map y = A x + b with frozen A and b, computed by functions that know nothing of gradients: x's is A^T times y's, and needs neither x nor y.
/// </summary>
/// <param name="Apply">y of x</param>
/// <param name="ApplyTransposed">A^T g of g, of y's shape</param>
internal sealed record FrozenMap(Func<Tensor, Tensor> Apply, Func<Tensor, Tensor> ApplyTransposed)
{
    /// <summary>y, with x's gradient where one is wanted.</summary>
    public Tensor Forward(Tensor x) => x.requires_grad && is_grad_enabled() ? Function.apply(x, this) : Apply(x);

    /// <summary>
    /// Ends a backward pass through such maps: frees the last gradient, and throws what could not be thrown in between, where it would have had to
    /// pass through native code.
    /// </summary>
    /// <exception cref="InvalidOperationException">A map failed in the backward pass; the gradients are worthless.</exception>
    public static void EndBackward() => Function.End();

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        // A gradient may be freed once the caller has taken it, which it has when the next one is asked for. The backward pass runs on the calling thread.
        [ThreadStatic]
        private static Tensor? lastGradient;

        [ThreadStatic]
        private static ExceptionDispatchInfo? failure;

        public override string Name => nameof(FrozenMap);

        public static void End()
        {
            lastGradient?.Dispose();
            lastGradient = null;
            var failed = failure;
            failure = null;
            failed?.Throw();
        }

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var map = (FrozenMap)vars[1];
            ctx.save_data(nameof(FrozenMap), map);
            return map.Apply((Tensor)vars[0]);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
        {
            lastGradient?.Dispose();
            lastGradient = null;
            try
            {
                lastGradient = ((FrozenMap)ctx.get_data(nameof(FrozenMap))).ApplyTransposed(gradOutput).DetachFromDisposeScope();
                gradOutput.Dispose();
            }
            catch (InvalidOperationException error)
            {
                failure ??= ExceptionDispatchInfo.Capture(error);
            }

            return [lastGradient!, null!];
        }
    }
}
