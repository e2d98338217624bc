using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// The state dict of a torch file, alone or under <c>state_dict</c> next to the state of a trainer. Values other than
/// tensors are skipped.
/// </summary>
internal sealed class TorchFile : ITensorFile
{
    private readonly TorchPickle file;
    private readonly Dictionary<string, PickledTensor> tensors;

    private TorchFile(TorchPickle file, PickledDict root, Dictionary<string, PickledTensor> tensors)
    {
        this.file = file;
        this.tensors = tensors;
        Root = root;
        Tensors = tensors.ToDictionary(
            tensor => tensor.Key,
            tensor => new TensorEntry(tensor.Value.Type, tensor.Value.Shape)
        );
    }

    public string FilePath => file.FilePath;

    /// <summary>
    /// The file's whole dictionary, which may hold the state of a trainer, such as <c>global_step</c>.
    /// </summary>
    public PickledDict Root { get; }

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Reads the pickle; no tensor is touched.</summary>
    /// <exception cref="TextualInversionException">
    /// See <see cref="TorchPickle.Open(string)"/>; or it holds no state dict.
    /// </exception>
    public static TorchFile Open(string path) => Open(new FileSource(path));

    internal static TorchFile Open(FileSource source)
    {
        var file = TorchPickle.Open(source);
        return Of(file, file.Root as PickledDict ?? new PickledDict());
    }

    /// <summary>The state dict in one of the file's dictionaries.</summary>
    internal static TorchFile Of(TorchPickle file, PickledDict root)
    {
        var tensors = new Dictionary<string, PickledTensor>();
        foreach (var (key, value) in root["state_dict"] as PickledDict ?? root)
            if (key is string name && value is PickledTensor tensor)
                tensors.Add(name, tensor);
        return tensors.Count > 0
            ? new TorchFile(file, root, tensors)
            : throw NoWeights(file.FilePath, isEmbedding: root["string_to_param"] is not null);
    }

    private static TextualInversionException NoWeights(string path, bool isEmbedding)
    {
        var instead = isEmbedding ? ", but an embedding" : "";
        return new TextualInversionException(
            $"{path}: holds no weights (a dictionary of tensors, or one under state_dict){instead}."
        );
    }

    /// <summary>As <see cref="ITensorFile.Read"/>, mapped from the file if possible.</summary>
    /// <exception cref="TextualInversionException">There is no such tensor, or its bytes cannot be read.</exception>
    public Tensor Read(string name, KeptMappings? kept = null) =>
        tensors.TryGetValue(name, out var tensor)
            ? file.Read(tensor, kept)
            : throw new TextualInversionException($"{FilePath}: has no tensor {name}.");
}
