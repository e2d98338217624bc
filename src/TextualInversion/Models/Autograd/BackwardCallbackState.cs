using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>
/// Runs gradient functions written in C#, which libtorch's engine calls from native code, for one backward pass. No
/// exception may leave such a function, or the process ends: the first one is kept, and <see cref="End"/> throws it. A
/// gradient that a function returned may be freed only once the engine has taken it, which is when it calls the next
/// function on the same thread. The engine calls from threads of its own for other devices than the CPU.
/// </summary>
internal sealed class BackwardCallbackState
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, Tensor?[]> returned = []; // by the thread of the call
    private ExceptionDispatchInfo? failure;

    /// <summary>Runs a gradient function in a dispose scope of its thread.</summary>
    /// <param name="inputs">The inputs that the gradients are of.</param>
    /// <param name="compute">Gives them: null for an input that needs none.</param>
    /// <returns>
    /// The gradients; zeros if the function or an earlier one of this pass failed. Without any, the engine would call
    /// the gradient functions before it with tensors that do not exist.
    /// </returns>
    [SuppressMessage("Design", "CA1031", Justification = "No exception of any type may reach native code.")]
    public Tensor?[] Run(IReadOnlyList<InputShape> inputs, Func<Tensor?[]> compute)
    {
        Keep(null);
        try
        {
            if (Failure is not null)
                return Kept(() => Zeros(inputs));
            return Kept(compute);
        }
        catch (Exception error)
        {
            lock (gate)
                failure ??= ExceptionDispatchInfo.Capture(error);
        }

        try
        {
            return Kept(() => Zeros(inputs));
        }
        catch (Exception)
        {
            return new Tensor?[inputs.Count]; // the first failure is the one to report
        }
    }

    private static Tensor?[] Zeros(IReadOnlyList<InputShape> inputs) => [.. inputs.Select(input => input.Zeros())];

    private Tensor?[] Kept(Func<Tensor?[]> compute)
    {
        using var scope = NewDisposeScope();
        var gradients = compute();
        foreach (var gradient in gradients)
            gradient?.DetachFromDisposeScope();
        Keep(gradients);
        return gradients;
    }

    /// <summary>
    /// To be called after each backward pass, when the engine has returned. The next pass starts anew.
    /// </summary>
    /// <exception cref="Exception">
    /// That of a function that failed; the gradients of the pass are then worthless.
    /// </exception>
    public void End() => Reset()?.Throw();

    /// <summary>The same where the engine itself failed, whose error is the one to report.</summary>
    public void Abandon() => _ = Reset();

    private ExceptionDispatchInfo? Reset()
    {
        lock (gate)
        {
            foreach (var gradients in returned.Values)
                Free(gradients);
            returned.Clear();
            var failed = failure;
            failure = null;
            return failed;
        }
    }

    private ExceptionDispatchInfo? Failure
    {
        get
        {
            lock (gate)
                return failure;
        }
    }

    /// <summary>Frees what the function before returned on this thread, and remembers what this one returns.</summary>
    private void Keep(Tensor?[]? gradients)
    {
        lock (gate)
        {
            if (returned.Remove(Environment.CurrentManagedThreadId, out var before))
                Free(before);
            if (gradients is not null)
                returned.Add(Environment.CurrentManagedThreadId, gradients);
        }
    }

    private static void Free(Tensor?[] gradients)
    {
        foreach (var gradient in gradients)
            gradient?.Dispose();
    }
}
