using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>The state of a sampler's run: the number of the next call, and the latest tensors.</summary>
/// <param name="capacity">The number of tensors; older ones are dropped.</param>
/// <param name="callsPerStep">A run begins at a multiple of this many calls.</param>
internal sealed class History(int capacity, int callsPerStep = 1) : IDisposable
{
    private readonly List<Tensor> tensors = []; // newest first
    private int? first;
    private int next;

    public int Count => tensors.Count;

    /// <summary>A tensor by its age, 0 for the newest.</summary>
    public Tensor this[int age] => tensors[age];

    /// <summary>Must be called first in every step.</summary>
    /// <returns>The number of earlier calls of this run.</returns>
    /// <exception cref="ArgumentException">
    /// The step is not the one after the last, or a run cannot begin there.
    /// </exception>
    public int Enter(int stepIndex)
    {
        if (first is null && stepIndex % callsPerStep != 0)
            throw new ArgumentException(
                $"A run begins at a multiple of {callsPerStep}, not at {stepIndex}.",
                nameof(stepIndex)
            );
        first ??= next = stepIndex;
        if (stepIndex != next)
            throw new ArgumentException($"Step {next} is next, not {stepIndex}.", nameof(stepIndex));
        next++;
        return stepIndex - first.Value;
    }

    /// <summary>Keeps a copy.</summary>
    public void Add(Tensor tensor)
    {
        tensors.Insert(0, tensor.clone().DetachFromDisposeScope());
        if (tensors.Count <= capacity)
            return;
        tensors[^1].Dispose();
        tensors.RemoveAt(capacity);
    }

    public void Dispose()
    {
        foreach (var tensor in tensors)
            tensor.Dispose();
        tensors.Clear();
    }
}
