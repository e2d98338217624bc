using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>
/// What a gradient function written in C# has to look after, since libtorch's engine calls it from native code: the gradients that it returned
/// may be freed only once the engine has taken them, which it has when the next function is called, and its exceptions may not leave it.
/// For one thread at a time.
/// </summary>
internal sealed class BackwardCallbackState
{
    private readonly List<Tensor> returned = [];
    private ExceptionDispatchInfo? failure;

    /// <summary>Frees what the function before returned.</summary>
    public void Begin()
    {
        foreach (var gradient in returned)
            gradient.Dispose();
        returned.Clear();
    }

    public void Return(IEnumerable<Tensor?> gradients) => returned.AddRange(gradients.OfType<Tensor>());

    /// <summary>Keeps the first failure until the end.</summary>
    public void Fail(Exception error) => failure ??= ExceptionDispatchInfo.Capture(error);

    /// <summary>To be called after each backward pass.</summary>
    /// <exception cref="InvalidOperationException">A function failed; the gradients are worthless.</exception>
    public void End()
    {
        Begin();
        var failed = failure;
        failure = null;
        failed?.Throw();
    }
}
