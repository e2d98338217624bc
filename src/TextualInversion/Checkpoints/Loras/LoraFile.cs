using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>
/// A LoRA in a file, in the layouts of kohya's scripts and LyCORIS, diffusers and PEFT: low-rank changes of layers of
/// the U-Net and the text encoders.
/// </summary>
internal sealed class LoraFile
{
    /// <summary>Embeddings in the same file, which the WebUI, ComfyUI and OneTrainer read.</summary>
    private const string BundledEmbedding = "bundle_emb.";

    private readonly Dictionary<string, Dictionary<LoraTensor, string>> layers;
    private readonly LoraAlphas alphas;

    private LoraFile(ITensorFile file, Dictionary<string, Dictionary<LoraTensor, string>> layers)
    {
        File = file;
        this.layers = layers;
        alphas = LoraAlphas.Of(file);
    }

    /// <summary>The file's extensions, in the order of preference.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".safetensors", ".pt", ".ckpt", ".bin"];

    public ITensorFile File { get; }

    /// <summary>Opens a file by its content. No tensor is read but each layer's alpha, when it is bound.</summary>
    /// <exception cref="TextualInversionException">
    /// The file is missing or damaged, or is not a LoRA, or one of a kind that is not supported; the message says what.
    /// </exception>
    public static LoraFile Open(string path) => Open(TensorFile.Open(path));

    internal static LoraFile Open(ITensorFile file)
    {
        if (LoraKind.NotSupported(file) is { } kind)
            throw Refused(file, $"is {kind}, which is not supported; only LoRA, LoCon and DoRA are.");
        var layers = new Dictionary<string, Dictionary<LoraTensor, string>>(StringComparer.Ordinal);
        var others = new List<string>();
        foreach (var name in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (name.StartsWith(BundledEmbedding, StringComparison.Ordinal))
                continue;
            if (LoraKey.Parse(name) is not { } key)
                others.Add(name);
            else if (!LayerOf(layers, key.Layer).TryAdd(key.Tensor, name))
                throw Refused(file, $"holds {LayerOf(layers, key.Layer)[key.Tensor]} and {name}, which are the same.");
        }

        if (layers.Count == 0)
            throw Refused(file, "is not a LoRA; it has no tensor called as those of LoRAs are.");
        if (others.Count > 0)
            throw Refused(file, $"is not a LoRA of a kind that is supported; it also holds {others[0]}.");
        foreach (var (layer, tensors) in layers)
        foreach (var needed in new[] { LoraTensor.Down, LoraTensor.Up })
            if (!tensors.ContainsKey(needed))
                throw Refused(
                    file,
                    $"is incomplete: {layer} has no {(needed == LoraTensor.Down ? "down" : "up")} matrix."
                );
        var whole = layers
            .SelectMany(layer => layer.Value.Where(pair => pair.Key != LoraTensor.Alpha))
            .Select(pair => pair.Value)
            .FirstOrDefault(name => !IsReal(file.Tensors[name].Type));
        if (whole is not null)
            throw Refused(file, $"is damaged, or of another kind: {whole} has whole numbers.");
        if (layers.FirstOrDefault(layer => RankOf(layer.Value) == 0) is { Key: { } empty })
            throw Refused(file, $"is damaged: its layer {empty} has the rank 0.");
        return new LoraFile(file, layers);

        long? RankOf(Dictionary<LoraTensor, string> tensors) =>
            file.Tensors[tensors[LoraTensor.Down]].Shape is [var rank, ..] ? rank : null;
    }

    /// <summary>The changes of a model's layers.</summary>
    /// <exception cref="TextualInversionException">
    /// The model does not have a layer that the LoRA changes, or has it in another shape: the LoRA is for another
    /// model.
    /// </exception>
    public IReadOnlyList<LoraLayer> Bind(LoraTargets targets)
    {
        var bound = new List<LoraLayer>();
        foreach (var (name, tensors) in layers)
        {
            var target = targets.Find(name) ?? throw Foreign($"the model has no layer {name}");
            var layer = new LoraLayer
            {
                File = File,
                Name = name,
                Target = target,
                Down = tensors[LoraTensor.Down],
                Up = tensors[LoraTensor.Up],
                Middle = tensors.GetValueOrDefault(LoraTensor.Middle),
                Magnitude = tensors.GetValueOrDefault(LoraTensor.Magnitude),
                Scale = 1,
            };
            if (layer.Problem() is { } problem)
                throw Foreign(problem);
            bound.Add(
                layer with
                {
                    Scale = alphas.Scale(tensors.GetValueOrDefault(LoraTensor.Alpha), name, layer.Rank),
                }
            );
        }

        return bound;
    }

    private static bool IsReal(ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;

    private TextualInversionException Foreign(string why)
    {
        var kind = LoraKind.ModelOf(File) is { } model
            ? $"is a LoRA for {model}"
            : "is a LoRA for another kind of model";
        return Refused(File, $"{kind}, and does not fit this one: {why}.");
    }

    private static Dictionary<LoraTensor, string> LayerOf(
        Dictionary<string, Dictionary<LoraTensor, string>> layers,
        string name
    ) => layers.TryGetValue(name, out var known) ? known : layers[name] = [];

    private static TextualInversionException Refused(ITensorFile file, string what) => new($"{file.FilePath}: {what}");
}
