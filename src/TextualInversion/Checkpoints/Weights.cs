using static TorchSharp.torch;

namespace TextualInversion.Checkpoints;

/// <summary>
/// The tensors of a <see cref="WeightStore"/> below a path: <c>weights / "down_blocks" / 0</c> are those below
/// <c>down_blocks.0</c>.
/// </summary>
internal readonly struct Weights
{
    private readonly WeightStore store;
    private readonly string prefix;

    internal Weights(WeightStore store, string prefix)
    {
        this.store = store;
        this.prefix = prefix;
    }

    public static Weights operator /(Weights weights, string name) => new(weights.store, $"{weights.prefix}{name}.");

    public static Weights operator /(Weights weights, int index) => new(weights.store, $"{weights.prefix}{index}.");

    /// <inheritdoc cref="WeightStore.Version"/>
    public int Version => store.Version;

    /// <summary>Whether the tensor exists, for optional parts of a network.</summary>
    public bool Contains(string name) => store.Contains(prefix + name);

    /// <summary>The tensor <paramref name="name"/>, which the store owns.</summary>
    /// <exception cref="TextualInversionException">The tensor is missing or has another shape.</exception>
    public Tensor Take(string name, params ReadOnlySpan<long> shape) => store.Take(prefix + name, shape);

    /// <summary>Makes the store the owner of a tensor derived from its own.</summary>
    public Tensor Keep(Tensor derived) => store.Keep(derived);
}
