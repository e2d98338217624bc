using System.Collections;
using System.Numerics;
using System.Runtime.CompilerServices;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>A Python dictionary in the order of its file. Entries whose key is None, which no format here has, are not kept.</summary>
internal sealed class PickledDict : IEnumerable<KeyValuePair<object, object?>>
{
    private OrderedDictionary<object, object?>? entries; // most dictionaries of a hostile file would be empty ones

    public int Count => entries?.Count ?? 0;

    /// <summary>The value of the text key <paramref name="name"/>; null where there is none, or where it is None.</summary>
    public object? this[string name] => entries is not null && entries.TryGetValue(name, out var value) ? value : null;

    public IEnumerator<KeyValuePair<object, object?>> GetEnumerator() => (entries ?? []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Set(object? key, object? value)
    {
        if (key is not null)
            (entries ??= new OrderedDictionary<object, object?>(KeyComparer.Instance))[key] = value;
    }

    /// <summary>Compares plain values by value and all else by identity, with hashes that a file cannot make collide.</summary>
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

/// <summary>A class or function by name, such as <c>pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint</c>. Nothing stands behind it.</summary>
internal sealed record PickledGlobal(string Name);

/// <summary>
/// What the file says is an object of the class <paramref name="className"/>: a ParameterDict, whose <see cref="State"/> holds
/// <c>_parameters</c>, or a leftover of training. No code of that class exists here, let alone runs.
/// </summary>
internal sealed class PickledObject(string className)
{
    public string ClassName { get; } = className;

    /// <summary>Its attributes, mostly a dictionary; null where the file gives none.</summary>
    public object? State { get; internal set; }
}

/// <summary>A block of numbers that tensors share: <paramref name="Count"/> elements of one type, in the archive under <paramref name="Key"/>.</summary>
internal sealed record PickledStorage(string Key, ScalarType Type, long Count);

/// <summary>A tensor by description; offset and strides count elements of the storage and lie within it. <see cref="TorchPickle.Read"/> reads it.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    public ScalarType Type => Storage.Type;

    internal long Elements => Shape.Aggregate(1L, (product, dimension) => product * dimension);

    /// <summary>How many elements of the storage lie between the first and the last one used.</summary>
    internal long Span =>
        Elements == 0 ? 0 : 1 + Shape.Zip(Strides, (dimension, stride) => (dimension - 1) * stride).Sum();
}
