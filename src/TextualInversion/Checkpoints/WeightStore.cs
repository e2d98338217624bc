using System.Text;
using TextualInversion.IO;
using TextualInversion.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints;

/// <summary>
/// The frozen tensors of one network, taken from a file by name and owned here. Strict: a tensor that is missing, has
/// another shape or is left over is an error. On the CPU, tensors of a float32 file are mapped and never copied; other
/// types are converted once. To save memory, matrices and kernels can stay in the half precision of the file; layers
/// then widen them for each use, which gives the same values.
/// </summary>
internal sealed class WeightStore : IDisposable
{
    // A whole tensor, widened to float32 on each core, can be the peak of a run's memory.
    private const long ValuesHashedAtOnce = 1 << 20;

    private readonly ITensorFile file;
    private readonly Dictionary<string, string> keys; // the name a network uses -> the name in the file
    private readonly SortedDictionary<string, Tensor> taken = new(StringComparer.Ordinal);
    private readonly List<Tensor> derived = [];
    private readonly KeptMappings kept = new();
    private readonly ScalarType type;
    private readonly Device device;
    private readonly bool keepsHalf;

    /// <param name="file">The file, its header checked.</param>
    /// <param name="type">The type in which the network computes.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="rename">
    /// From a name in the file to the one in use today; null for a tensor that the network does not use.
    /// </param>
    /// <param name="keepsHalf">Whether matrices and kernels of half precision are not widened to float32.</param>
    /// <exception cref="TextualInversionException">The file holds a tensor under two names.</exception>
    public WeightStore(
        ITensorFile file,
        ScalarType type,
        Device device,
        Func<string, string?> rename,
        bool keepsHalf = false
    )
    {
        this.keepsHalf = keepsHalf;
        this.file = file;
        this.type = type;
        this.device = device;
        keys = [];
        foreach (var key in file.Tensors.Keys)
        {
            if (rename(key) is { } name && !keys.TryAdd(name, key))
                throw new TextualInversionException(
                    $"{file.FilePath}: holds {keys[name]} and {key}, which are the same tensor; "
                        + "the file does not belong to its config.json."
                );
        }

        if (file is IChangingTensors changing)
            changing.Changed += ReadAgain;
    }

    /// <summary>How often tensors changed, for what is derived from them.</summary>
    public int Version { get; private set; }

    public Weights Root => new(this, "");

    /// <exception cref="TextualInversionException">The file holds tensors that the network did not ask for.</exception>
    public void RequireAllTaken()
    {
        var left = keys.Where(pair => !taken.ContainsKey(pair.Key))
            .Select(pair => pair.Value)
            .Order(StringComparer.Ordinal)
            .ToList();
        if (left.Count == 0)
            return;
        throw new TextualInversionException(
            $"{file.FilePath}: holds {left.Count} tensors that the network described by config.json does not have, "
                + $"the first is {left[0]}; the two do not belong together."
        );
    }

    /// <summary>
    /// SHA-256 over the names, types, shapes and values that the network computes with, as lower-case hexadecimal.
    /// </summary>
    public string Hash()
    {
        var hashes = new byte[taken.Count][];
        Parallel.ForEach(
            taken.Select((pair, index) => (pair.Key, pair.Value, index)),
            item => hashes[item.index] = HashOf(item.Key, item.Value)
        );
        return Sha256.OfBytes(hashes.SelectMany(hash => hash).ToArray());
    }

    public void Dispose()
    {
        if (file is IChangingTensors changing)
            changing.Changed -= ReadAgain;
        foreach (var tensor in taken.Values.Concat(derived))
            tensor.Dispose();
        taken.Clear();
        derived.Clear();
        kept.Dispose();
    }

    internal Tensor Keep(Tensor tensor)
    {
        derived.Add(tensor.DetachFromDisposeScope());
        return tensor;
    }

    internal bool Contains(string name) => keys.ContainsKey(name);

    internal Tensor Take(string name, ReadOnlySpan<long> shape)
    {
        if (!keys.TryGetValue(name, out var key))
            throw new TextualInversionException(
                $"{file.FilePath}: lacks the tensor {name}, of shape [{Text(shape)}]; "
                    + "the file is incomplete or does not belong to its config.json."
            );
        var found = file.Tensors[key].Shape;
        if (!shape.SequenceEqual(found))
            throw new TextualInversionException(
                $"{file.FilePath}: {key} has the shape [{Text(found)}], expected [{Text(shape)}]; "
                    + "the file does not belong to its config.json."
            );
        if (taken.TryGetValue(name, out var tensor))
            return tensor;
        using var scope = NewDisposeScope();
        return taken[name] = Read(key, kept).DetachFromDisposeScope();
    }

    private Tensor Read(string key, KeptMappings? mappings)
    {
        using var scope = NewDisposeScope();
        var entry = file.Tensors[key];
        var stored = StaysHalf(entry) ? entry.Type : type;
        var staysMapped = stored == entry.Type && device.type == DeviceType.CPU;
        var mapped = file.Read(key, staysMapped ? mappings : null);
        if (!FiniteCheck.AllFinite(mapped))
            throw new TextualInversionException(
                $"{file.FilePath}: {key} contains NaN or infinity; the file is damaged or its training failed; "
                    + $"download it again."
            );
        return mapped.to(stored, device).MoveToOuterDisposeScope();
    }

    /// <summary>Whether a tensor is stored as it is in the file, where conversion would double it.</summary>
    private bool StaysHalf(TensorEntry entry) =>
        keepsHalf
        && type == ScalarType.Float32
        && entry.Shape.Length > 1
        && entry.Type is ScalarType.Float16 or ScalarType.BFloat16;

    /// <summary>Copies tensors that changed into those that the network holds.</summary>
    private void ReadAgain(IReadOnlyCollection<string> changed)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var (name, key) in keys.Where(pair => changed.Contains(pair.Value)))
        {
            if (!taken.TryGetValue(name, out var tensor))
                continue;
            // Not from the kept mapping, whose values change with the tensor; disposed of before the next one.
            using var values = Read(key, mappings: null);
            tensor.copy_(values);
        }

        Version++;
    }

    private byte[] HashOf(string name, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var sha = new IncrementalSha256();
        sha.Append(Encoding.UTF8.GetBytes($"{name} {type} [{Text(tensor.shape)}]"));
        var flat = tensor.flatten();
        for (long start = 0; start < flat.shape[0]; start += ValuesHashedAtOnce)
        {
            using var piece = flat.narrow(0, start, Math.Min(ValuesHashedAtOnce, flat.shape[0] - start));
            using var values = piece.to(type); // the layers' own conversion
            using var here = values.cpu();
            sha.Append(here.bytes);
        }

        return sha.Finish();
    }

    private static string Text(ReadOnlySpan<long> shape) => string.Join(", ", shape.ToArray());
}
