using static TorchSharp.torch;

namespace TextualInversion.Checkpoints;

/// <summary>A place in a <see cref="WeightStore"/>: <c>weights / "down_blocks" / 0</c> is what lies below <c>down_blocks.0</c>.</summary>
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

    /// <summary>Whether the tensor is there, for parts that a network may have.</summary>
    public bool Contains(string name) => store.Contains(prefix + name);

    /// <summary>The tensor <paramref name="name"/>, which the store keeps and disposes of.</summary>
    /// <exception cref="TextualInversionException">It is missing or of another shape.</exception>
    public Tensor Take(string name, params ReadOnlySpan<long> shape) => store.Take(prefix + name, shape);

    /// <summary>Has the store dispose of a tensor that was made from its own.</summary>
    public Tensor Keep(Tensor derived) => store.Keep(derived);
}
