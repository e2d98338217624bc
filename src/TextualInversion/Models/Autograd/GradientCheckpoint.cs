using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>
/// Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): of a part of a network only the inputs are kept, and what lies between
/// is computed again when its gradient is due. The gradients are the same to the last bit. One for each network, used by one thread at a time.
/// </summary>
internal sealed class GradientCheckpoint
{
    private readonly BackwardCallbackState handover = new();

    /// <param name="part">a function of the inputs and of what is frozen alone; computed twice</param>
    /// <param name="inputs">all that may need a gradient</param>
    public Tensor Run(Func<Tensor[], Tensor> part, params Tensor[] inputs)
    {
        if (!is_grad_enabled() || !Array.Exists(inputs, input => input.requires_grad))
            return part(inputs);
        using var scope = NewDisposeScope();
        return Function.apply([this, part, .. inputs]).MoveToOuterDisposeScope();
    }

    /// <summary>See <see cref="BackwardCallbackState.End"/>.</summary>
    public void EndBackward() => handover.End();

    /// <returns>the gradient of each input, null for those that need none</returns>
    private Tensor?[] Backward(Func<Tensor[], Tensor> part, List<Tensor> inputs, Tensor gradient)
    {
        handover.Begin();
        using var scope = NewDisposeScope(); // of the thread that the backward pass runs on
        var leaves = inputs.Select(input => input.detach().requires_grad_(input.requires_grad)).ToArray();
        using (enable_grad())
        {
            var output = part(leaves);
            autograd.backward([output], [gradient], inputs: [.. leaves.Where(leaf => leaf.requires_grad)]);
        }

        var gradients = leaves
            .Select(leaf => leaf.requires_grad ? leaf.grad?.DetachFromDisposeScope() : null)
            .ToArray();
        handover.Return(gradients);
        return gradients;
    }

    private sealed class Function : autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(GradientCheckpoint);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var part = (Func<Tensor[], Tensor>)vars[1];
            Tensor[] inputs = [.. vars[2..].Cast<Tensor>()];
            ctx.save_data("owner", vars[0]);
            ctx.save_data("part", part);
            ctx.save_for_backward([.. inputs]);
            return part(inputs);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
        {
            var owner = (GradientCheckpoint)ctx.get_data("owner");
            var inputs = ctx.get_saved_variables();
            var gradients = new Tensor?[inputs.Count];
            try
            {
                gradients = owner.Backward((Func<Tensor[], Tensor>)ctx.get_data("part"), inputs, gradOutput);
            }
            catch (InvalidOperationException error)
            {
                owner.handover.Fail(error);
            }

            gradOutput.Dispose();
            foreach (var input in inputs)
                input.Dispose();
            return [null!, null!, .. gradients.Select(gradient => gradient!)];
        }
    }
}
