using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// A Python dictionary in the order of its file. Entries whose key is None are dropped: no format here has them.
/// </summary>
internal sealed class PickledDict : IEnumerable<KeyValuePair<object, object?>>
{
    private OrderedDictionary<object, object?>? entries; // most dictionaries of a hostile file would be empty ones

    public int Count => entries?.Count ?? 0;

    /// <summary>
    /// The value of the text key <paramref name="name"/>; null if the key is missing or its value is None.
    /// </summary>
    public object? this[string name] => entries is not null && entries.TryGetValue(name, out var value) ? value : null;

    public IEnumerator<KeyValuePair<object, object?>> GetEnumerator() => (entries ?? []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Set(object? key, object? value)
    {
        if (key is not null)
            (entries ??= new OrderedDictionary<object, object?>(KeyComparer.Instance))[key] = value;
    }

    /// <summary>
    /// Compares plain values by value and all others by identity. A file cannot make the hashes collide.
    /// </summary>
    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? x, object? y) =>
            ReferenceEquals(x, y) || (x is string or long or double or bool or BigInteger && x.Equals(y));

        public int GetHashCode(object key) =>
            key switch
            {
                string or bool or BigInteger => key.GetHashCode(),
                long number => HashCode.Combine((int)number, (int)(number >> 32)),
                double number => HashCode.Combine(
                    number > 0,
                    BitConverter.DoubleToUInt64Bits(number) >> 32,
                    (uint)BitConverter.DoubleToUInt64Bits(number)
                ),
                _ => RuntimeHelpers.GetHashCode(key),
            };
    }
}

/// <summary>
/// A class or function by name, such as <c>pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint</c>. It is only
/// a name.
/// </summary>
internal sealed record PickledGlobal(string Name);

/// <summary>
/// An object of the class <paramref name="className"/>, as the file describes it: a ParameterDict, whose
/// <see cref="State"/> holds <c>_parameters</c>, or a part of a trainer. No code of that class runs.
/// </summary>
internal sealed class PickledObject(string className)
{
    public string ClassName { get; } = className;

    /// <summary>Its attributes, usually a dictionary, or null if the file gives none.</summary>
    public object? State { get; internal set; }
}

/// <summary>
/// A block of values that tensors share: <paramref name="Count"/> elements of one type, in the archive under
/// <paramref name="Key"/>.
/// </summary>
internal sealed record PickledStorage(string Key, ScalarType Type, long Count);

/// <summary>
/// A tensor by description; offset and strides count elements of the storage and lie within it.
/// <see cref="TorchPickle.Read"/> reads it.
/// </summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    public ScalarType Type => Storage.Type;

    /// <summary>Whether it is a <c>torch.nn.Parameter</c>.</summary>
    public bool IsParameter { get; init; }

    internal long Elements => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>The number of elements of the storage from the first to the last one used.</summary>
    internal long Span =>
        Elements == 0 ? 0 : 1 + Shape.Zip(Strides, (dimension, stride) => (dimension - 1) * stride).Sum();
}
