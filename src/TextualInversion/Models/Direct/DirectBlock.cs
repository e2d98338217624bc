using TextualInversion.Models.Autograd;
using static TorchSharp.torch;

namespace TextualInversion.Models.Direct;

/// <summary>A block as one node of the gradient, which keeps what that needs until it is due.</summary>
internal static class DirectBlock
{
    /// <param name="forward">gives the result, and the memory that lies in the workspace</param>
    /// <param name="backward">from the result's gradient and the memory to the inputs' gradients; called once or never</param>
    /// <param name="inputs">all that may need a gradient</param>
    public static Tensor Run<TMemory>(Func<Workspace, (Tensor Result, TMemory Memory)> forward, Func<Tensor, TMemory, Tensor?[]> backward, params Tensor[] inputs)
    {
        if (FrozenFunction.IsWanted(inputs)) return FrozenFunction.Apply(Compute, inputs);
        using var unused = new Workspace();
        return forward(unused).Result;

        (Tensor, FrozenFunction.Gradients) Compute()
        {
            var kept = new Workspace();
            var (result, memory) = forward(kept);
            return (result, gradient =>
            {
                using var used = kept;
                return backward(gradient, memory);
            });
        }
    }
}
