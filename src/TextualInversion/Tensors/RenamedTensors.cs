using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>Where a tensor comes from: the file's tensor <paramref name="Key"/>, as a view.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Shape">The shape of the view.</param>
/// <param name="View">A view of the tensor or, rarely, a copy; null for the tensor as it is.</param>
internal sealed record TensorSource(string Key, long[] Shape, Func<Tensor, Tensor>? View = null);

/// <summary>Tensors of a file under other names. A tensor is read only when it is asked for.</summary>
internal sealed class RenamedTensors : ITensorFile
{
    private readonly ITensorFile file;
    private readonly Dictionary<string, TensorSource> sources = [];

    /// <exception cref="TextualInversionException">Two tensors have the same name.</exception>
    public RenamedTensors(ITensorFile file, IEnumerable<(string Name, TensorSource Source)> tensors)
    {
        this.file = file;
        foreach (var (name, source) in tensors)
            if (!sources.TryAdd(name, source))
                throw new TextualInversionException(
                    $"{file.FilePath}: holds {sources[name].Key} and {source.Key}, which are the same tensor; "
                        + "the file is damaged, get it again."
                );
        Tensors = sources.ToDictionary(
            pair => pair.Key,
            pair => new TensorEntry(file.Tensors[pair.Value.Key].Type, pair.Value.Shape)
        );
    }

    public string FilePath => file.FilePath;

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    public Tensor Read(string name, KeptMappings? kept = null)
    {
        if (!sources.TryGetValue(name, out var source))
            throw new TextualInversionException($"{FilePath}: has no tensor {name}.");
        if (source.View is null)
            return file.Read(source.Key, kept);
        using var scope = NewDisposeScope();
        return source.View(file.Read(source.Key, kept)).MoveToOuterDisposeScope();
    }
}
