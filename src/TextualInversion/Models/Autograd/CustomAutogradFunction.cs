using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>A function of tensors and of what is frozen, computed by code that knows nothing of gradients and brings its own.</summary>
internal static class CustomAutogradFunction
{
    /// <summary>What the inputs' gradients are, given the result's: one for each input, null where none is wanted.</summary>
    public delegate Tensor?[] Gradients(Tensor gradient);

    /// <summary>Whether a gradient is wanted of any of these.</summary>
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

    /// <summary>The function's result, with gradients. After a backward pass through it <see cref="EndBackward"/> is due.</summary>
    /// <param name="compute">gives the result and how to find the gradients, which is called once or never</param>
    /// <param name="inputs">all that may need a gradient</param>
    public static Tensor Apply(Func<(Tensor Result, Gradients Gradients)> compute, params Tensor[] inputs) =>
        Function.apply([compute, .. inputs]);

    /// <summary>See <see cref="BackwardCallbackState.End"/>.</summary>
    public static void EndBackward() => Function.Handover.End();

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        [ThreadStatic]
        private static BackwardCallbackState? handover; // on the CPU, the only place for these, the backward pass runs on the calling thread

        public static BackwardCallbackState Handover => handover ??= new BackwardCallbackState();

        public override string Name => nameof(CustomAutogradFunction);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (result, gradients) = ((Func<(Tensor, Gradients)>)vars[0])();
            ctx.save_data("gradients", gradients);
            ctx.save_data("inputs", vars.Length - 1);
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
        {
            Handover.Begin();
            var gradients = new Tensor?[(int)ctx.get_data("inputs")];
            try
            {
                using var scope = NewDisposeScope();
                gradients = ((Gradients)ctx.get_data("gradients"))(gradOutput);
                foreach (var gradient in gradients)
                    gradient?.DetachFromDisposeScope();
            }
            catch (Exception error)
                when (error is InvalidOperationException or ArgumentException or OutOfMemoryException)
            {
                Handover.Fail(error);
            }

            gradOutput.Dispose();
            Handover.Return(gradients);
            return [null!, .. gradients.Select(gradient => gradient!)];
        }
    }
}
