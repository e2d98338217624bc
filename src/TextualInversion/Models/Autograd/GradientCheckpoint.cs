using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>
/// Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): only the inputs of a part of a network are kept, and
/// its intermediate results are computed again when its gradient is due. The gradients are the same to the last bit.
/// One for each network, which computes one pass at a time.
/// </summary>
internal sealed class GradientCheckpoint
{
    private readonly BackwardCallbackState state = new();

    /// <summary>Whether parts are computed again. It may change between two passes.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <param name="part">A function of the inputs and of frozen weights alone. It is computed twice.</param>
    /// <param name="inputs">All tensors that the part depends on and that may need a gradient.</param>
    public Tensor Run(Func<Tensor[], Tensor> part, params Tensor[] inputs)
    {
        if (!CustomAutogradFunction.IsWanted(inputs))
            return part(inputs);
        using var scope = NewDisposeScope();
        return Function.apply([this, part, .. inputs]).MoveToOuterDisposeScope();
    }

    /// <summary>See <see cref="BackwardCallbackState.End"/>.</summary>
    public void EndBackward() => state.End();

    /// <summary>See <see cref="BackwardCallbackState.Abandon"/>.</summary>
    public void AbandonBackward() => state.Abandon();

    /// <returns>The gradient of each input, null for those that need none.</returns>
    private static Tensor?[] Gradients(Func<Tensor[], Tensor> part, List<Tensor> inputs, Tensor gradient)
    {
        var leaves = inputs.Select(input => input.detach().requires_grad_(input.requires_grad)).ToArray();
        CustomAutogradFunction.RunNested(() =>
        {
            using var enabled = enable_grad();
            var output = part(leaves);
            if (output.requires_grad) // else it depends on none of the inputs that need a gradient
                autograd.backward([output], [gradient], inputs: [.. leaves.Where(leaf => leaf.requires_grad)]);
        });
        return [.. leaves.Select(leaf => leaf.requires_grad ? leaf.grad : null)];
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
            using var scope = NewDisposeScope();
            var owner = (GradientCheckpoint)ctx.get_data("owner");
            var part = (Func<Tensor[], Tensor>)ctx.get_data("part");
            var inputs = ctx.get_saved_variables();
            var gradients = owner.state.Run(
                [.. inputs.Select(InputShape.Of)],
                () => Gradients(part, inputs, gradOutput)
            );
            gradOutput.Dispose();
            foreach (var input in inputs)
                input.Dispose();
            return [null!, null!, .. gradients.Select(gradient => gradient!)];
        }
    }
}
