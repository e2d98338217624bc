using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>
/// The weights of a network with the changes of LoRAs. Each tensor is computed from the file's own when it is read, so
/// without LoRAs it is the file's own again, to the last bit.
/// </summary>
internal sealed class MergedTensors(ITensorFile file) : IChangingTensors
{
    private Dictionary<string, List<LoraChange>> changes = [];

    public event Action<IReadOnlyCollection<string>>? Changed;

    public string FilePath => file.FilePath;

    /// <summary>As the file's. A changed tensor is float32.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; private set; } = file.Tensors;

    /// <summary>Replaces the changes, and tells the networks that hold the tensors.</summary>
    public void Use(IEnumerable<LoraChange> wanted)
    {
        var before = changes;
        changes = wanted
            .Where(change => change.Strength != 0)
            .GroupBy(change => change.Layer.Target.Key)
            .ToDictionary(group => group.Key, group => group.ToList());
        Tensors = file.Tensors.ToDictionary(
            pair => pair.Key,
            pair => changes.ContainsKey(pair.Key) ? pair.Value with { Type = ScalarType.Float32 } : pair.Value
        );
        Changed?.Invoke([.. before.Keys.Union(changes.Keys).Where(key => !IsSame(before, key))]);
    }

    public Tensor Read(string name, KeptMappings? kept = null)
    {
        if (!changes.TryGetValue(name, out var list))
            return file.Read(name, kept);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var weight = file.Read(name).to(ScalarType.Float32);
        foreach (var change in list)
            weight = change.Layer.Apply(weight, change.Strength);
        if (!FiniteCheck.AllFinite(weight))
            throw new TextualInversionException(
                $"{list[^1].Layer.File.FilePath}: makes {name} infinite; it is damaged, or its strength is too large."
            );
        return weight.MoveToOuterDisposeScope();
    }

    private bool IsSame(Dictionary<string, List<LoraChange>> before, string key) =>
        before.TryGetValue(key, out var old) && changes.TryGetValue(key, out var now) && old.SequenceEqual(now);
}

/// <summary>A LoRA's change of a layer, with its strength.</summary>
internal sealed record LoraChange(LoraLayer Layer, double Strength);
