using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// An affine map y = A x + b with frozen A and b, computed by functions that know nothing of gradients: x's is A^T times y's, and needs neither x nor y.
/// </summary>
/// <param name="Apply">y of x</param>
/// <param name="ApplyTransposed">A^T g of g, of y's shape</param>
internal sealed record FrozenMap(Func<Tensor, Tensor> Apply, Func<Tensor, Tensor> ApplyTransposed)
{
    /// <summary>y, with x's gradient where one is wanted. After a backward pass through it <see cref="EndBackward"/> is due.</summary>
    public Tensor Forward(Tensor x) => x.requires_grad && is_grad_enabled() ? Function.apply(x, this) : Apply(x);

    /// <summary>See <see cref="GradientHandover.End"/>.</summary>
    public static void EndBackward() => Function.Handover.End();

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        [ThreadStatic]
        private static GradientHandover? handover; // on the CPU, the only place for these maps, the backward pass runs on the calling thread

        public static GradientHandover Handover => handover ??= new GradientHandover();

        public override string Name => nameof(FrozenMap);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var map = (FrozenMap)vars[1];
            ctx.save_data(nameof(FrozenMap), map);
            return map.Apply((Tensor)vars[0]);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
        {
            Handover.Begin();
            Tensor? gradient = null;
            try
            {
                gradient = ((FrozenMap)ctx.get_data(nameof(FrozenMap))).ApplyTransposed(gradOutput).DetachFromDisposeScope();
            }
            catch (InvalidOperationException error)
            {
                Handover.Fail(error);
            }

            gradOutput.Dispose();
            Handover.Return([gradient]);
            return [gradient!, null!];
        }
    }
}
