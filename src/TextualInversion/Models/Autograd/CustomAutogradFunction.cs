using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>
/// A function of tensors and frozen weights, computed by code that knows nothing of gradients and brings its own.
/// </summary>
internal static class CustomAutogradFunction
{
    // The state of the pass that is being prepared. It is read in the forward pass only, which runs on the caller's
    // thread, and travels with each function to whatever thread the engine runs its gradient on.
    private static readonly AsyncLocal<BackwardCallbackState?> Current = new();

    /// <summary>The gradient of each input, given that of the result; null for an input that needs none.</summary>
    public delegate Tensor?[] Gradients(Tensor gradient);

    /// <summary>Whether any of these inputs needs a gradient.</summary>
    public static bool IsWanted(params ReadOnlySpan<Tensor> inputs)
    {
        if (!is_grad_enabled())
            return false;
        foreach (var input in inputs)
        {
            if (input.requires_grad)
                return true;
        }

        return false;
    }

    /// <summary>
    /// The function's result, with gradients. After the backward pass through it, <see cref="EndBackward"/> must be
    /// called.
    /// </summary>
    /// <param name="compute">
    /// Gives the result and the function for its gradients, which is called once or never.
    /// </param>
    /// <param name="inputs">All tensors that may need a gradient.</param>
    public static Tensor Apply(Func<(Tensor Result, Gradients Gradients)> compute, params Tensor[] inputs) =>
        Function.apply([compute, Current.Value ??= new BackwardCallbackState(), .. inputs]);

    /// <summary>
    /// Ends a backward pass on the thread that ran its forward pass, see <see cref="BackwardCallbackState.End"/>. Does
    /// nothing if no function of this class took part.
    /// </summary>
    public static void EndBackward()
    {
        var state = Current.Value;
        Current.Value = null;
        state?.End();
    }

    /// <summary>The same where the engine failed, see <see cref="BackwardCallbackState.Abandon"/>.</summary>
    public static void AbandonBackward()
    {
        Current.Value?.Abandon();
        Current.Value = null;
    }

    /// <summary>
    /// Runs a forward and a backward pass inside a gradient function, possibly on another thread than the outer forward
    /// pass. The outer pass goes on afterwards.
    /// </summary>
    public static void RunNested(Action forwardAndBackward)
    {
        var outer = Current.Value;
        Current.Value = null;
        try
        {
            forwardAndBackward();
            EndBackward();
        }
        finally
        {
            AbandonBackward(); // nothing is left of it unless it failed
            Current.Value = outer;
        }
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(CustomAutogradFunction);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (result, gradients) = ((Func<(Tensor, Gradients)>)vars[0])();
            ctx.save_data("gradients", gradients);
            ctx.save_data("state", vars[1]);
            ctx.save_data("inputs", vars[2..].Cast<Tensor>().Select(InputShape.Of).ToList());
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
        {
            var state = (BackwardCallbackState)ctx.get_data("state");
            var compute = (Gradients)ctx.get_data("gradients");
            var gradients = state.Run((List<InputShape>)ctx.get_data("inputs"), () => compute(gradOutput));
            gradOutput.Dispose();
            return [null!, null!, .. gradients.Select(gradient => gradient!)];
        }
    }
}
