using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// Vectors on the model's device, where prompts are encoded with them and their gradients are computed. The originals
/// are on the CPU, and <see cref="Update"/> repeats their changes.
/// </summary>
internal sealed class DeviceRows : IDisposable
{
    private readonly IReadOnlyList<Tensor> originals;

    /// <param name="originals">The vectors, (n, d) for each text encoder, on the CPU.</param>
    /// <param name="device">The device.</param>
    public DeviceRows(IReadOnlyList<Tensor> originals, Device device)
    {
        this.originals = originals;
        using var scope = NewDisposeScope();
        Leaves = [.. originals.Select(row => row.to(device, copy: true).DetachFromDisposeScope().requires_grad_(true))];
    }

    /// <summary>The vectors, which need a gradient.</summary>
    public IReadOnlyList<Tensor> Leaves { get; }

    /// <summary>The gradients accumulated so far, (n, d) for each text encoder.</summary>
    /// <exception cref="InvalidOperationException">There was no backward pass.</exception>
    public IReadOnlyList<Tensor> Gradients =>
        [.. Leaves.Select(leaf => leaf.grad ?? throw new InvalidOperationException("nothing was accumulated"))];

    /// <summary>Copies the originals, after a change to them.</summary>
    public void Update()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (leaf, original) in Leaves.Zip(originals))
            leaf.copy_(original);
    }

    /// <summary>Sets the gradients to zero.</summary>
    public void DiscardGradients()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var leaf in Leaves)
            leaf.grad?.zero_();
    }

    public void Dispose()
    {
        using var scope = NewDisposeScope();
        foreach (var leaf in Leaves)
        {
            leaf.grad?.Dispose();
            leaf.Dispose();
        }
    }
}
