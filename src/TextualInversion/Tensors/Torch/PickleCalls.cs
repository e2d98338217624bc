using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>The meaning of the calls in a pickle, and of its references to storages.</summary>
/// <param name="spend">
/// Receives the number of elements that a call copies, so that the work is bounded by the file's size.
/// </param>
internal sealed class PickleCalls(Action<int> spend)
{
    private const int MaxDimensions = 64; // torch's own limit

    private readonly Dictionary<(string Key, ScalarType Type), PickledStorage> storages = [];

    /// <summary>All storages that the pickle has referred to.</summary>
    public IReadOnlyCollection<PickledStorage> Storages => storages.Values;

    public object? Call(object? function, object? arguments)
    {
        if (function is not PickledGlobal { Name: var name })
            throw new MalformedFileException("it calls something that is not a function");
        var values = arguments as object?[] ?? throw new MalformedFileException($"it calls {name} without arguments");
        return name switch
        {
            PickleGlobals.RebuildTensor or PickleGlobals.RebuildTensor2 => Tensor(values),
            PickleGlobals.RebuildParameter or PickleGlobals.RebuildParameterWithState or PickleGlobals.Parameter =>
                First(values, name) is PickledTensor tensor ? tensor with { IsParameter = true } : First(values, name),
            PickleGlobals.Size => First(values, name),
            PickleGlobals.OrderedDict => Dictionary(values),
            PickleGlobals.DefaultDict => new PickledDict(), // its default factory does not matter here
            PickleGlobals.Reconstructor when values is [PickledGlobal { Name: var className }, ..] => new PickledObject(
                className
            ),
            _ when PickleGlobals.Storages.ContainsKey(name) => throw new MalformedFileException(
                $"it calls {name}, which only stands for a type"
            ),
            _ => new PickledObject(name),
        };
    }

    private static object? First(object?[] values, string name) =>
        values.Length > 0 ? values[0] : throw new MalformedFileException($"it calls {name} without arguments");

    /// <summary>
    /// The storage behind ('storage', class, key, location, elements[, view]), or the class in ('module', class, file,
    /// source), whose source legacy files hold.
    /// </summary>
    public object Persistent(object? id)
    {
        if (id as object?[] is ["module", PickledGlobal module, ..])
            return module;
        if (
            id as object?[]
                is not [
                    "storage",
                    PickledGlobal { Name: var className },
                    string key,
                    _,
                    long
                    and >= 0
                    and var count,
                    .. var view,
                ]
            || !PickleGlobals.Storages.TryGetValue(className, out var type)
        )
            throw new MalformedFileException("it refers to something outside that is not a storage");
        if (view is [not null])
            throw new MalformedFileException(
                "it holds views of storages, as torch before 0.4 wrote them; save it again with a newer torch"
            );
        if (!storages.TryGetValue((key, type), out var storage))
            storages[(key, type)] = storage = new PickledStorage(key, type, count);
        return storage.Count == count
            ? storage
            : throw new MalformedFileException($"it gives its storage {MalformedFileException.Shown(key)} two sizes");
    }

    /// <summary>(storage, offset, shape, strides, …)</summary>
    private static PickledTensor Tensor(object?[] values)
    {
        if (
            values is not [PickledStorage storage, long offset, object?[] shape, object?[] strides, ..]
            || shape.Length != strides.Length
            || shape.Length > MaxDimensions
        )
            throw new MalformedFileException("it holds a tensor with malformed arguments");
        var tensor = new PickledTensor(storage, offset, Numbers(shape), Numbers(strides));
        if (offset < 0 || !Fits(tensor))
        {
            var layout = $"shape [{string.Join(", ", tensor.Shape)}], strides [{string.Join(", ", tensor.Strides)}]";
            throw new MalformedFileException(
                $"it holds a tensor of {layout} at {offset}, which its storage of {storage.Count:N0} elements "
                    + "does not hold"
            );
        }

        return tensor;
    }

    private static long[] Numbers(object?[] values) =>
        [
            .. values.Select(value =>
                value is long and >= 0
                    ? (long)value
                    : throw new MalformedFileException(
                        "it holds a tensor whose shape or strides are not positive numbers"
                    )
            ),
        ];

    /// <summary>Whether all elements lie in the storage, and not more of them than it has.</summary>
    private static bool Fits(PickledTensor tensor)
    {
        var (count, empty) = (tensor.Storage.Count, tensor.Shape.Contains(0));
        if (empty && tensor.Offset <= count)
            return tensor.Shape.Aggregate(
                    (Int128)1,
                    (product, size) => product > int.MaxValue ? product : product * Math.Max(size, 1)
                ) <= int.MaxValue;
        Int128 elements = 1,
            last = tensor.Offset; // 128 bits hold the product of two numbers that fit 63
        foreach (var (dimension, stride) in tensor.Shape.Zip(tensor.Strides))
        {
            if (elements > count || last >= count)
                return false;
            elements *= dimension;
            last += (Int128)(dimension - 1) * stride;
        }

        return elements <= count && last < count;
    }

    /// <summary>OrderedDict(), or as Python 2 wrote it OrderedDict([[key, value], …]).</summary>
    private PickledDict Dictionary(object?[] values)
    {
        var dictionary = new PickledDict();
        if (values.Length == 0)
            return dictionary;
        if (values[0] is not IReadOnlyList<object?> pairs)
            throw new MalformedFileException("it makes a dictionary of something that is not a list of pairs");
        spend(pairs.Count);
        foreach (var pair in pairs)
            if (pair is IReadOnlyList<object?> and [var key, var value])
                dictionary.Set(key, value);
            else
                throw new MalformedFileException("it makes a dictionary of something that is not a list of pairs");
        return dictionary;
    }
}
