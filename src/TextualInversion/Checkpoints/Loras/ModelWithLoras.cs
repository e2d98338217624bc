using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>A model whose weights are changed by LoRAs, none at first.</summary>
internal sealed class ModelWithLoras : IModelFiles
{
    private readonly IModelFiles model;
    private readonly Dictionary<string, MergedTensors> parts = [];
    private readonly Dictionary<string, IReadOnlyList<LoraLayer>> opened = [];
    private readonly LoraTargets targets;

    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public ModelWithLoras(IModelFiles model)
    {
        this.model = model;
        string[] names = ["unet", "text_encoder", "text_encoder_2"];
        foreach (var part in names.Where(part => part != "text_encoder_2" || Family == ModelFamily.StableDiffusionXl))
            parts[part] = new MergedTensors(model.Weights(part));
        targets = new LoraTargets(model);
    }

    /// <summary>A model with LoRAs, or the model itself where there are none.</summary>
    /// <exception cref="TextualInversionException">A LoRA cannot be read, or is for another kind of model.</exception>
    public static IModelFiles Of(IModelFiles model, IReadOnlyList<Lora> loras)
    {
        if (loras.Count == 0)
            return model;
        var changed = new ModelWithLoras(model);
        changed.Use(loras);
        return changed;
    }

    public string Path => model.Path;

    public ModelFamily Family => model.Family;

    /// <summary>The LoRAs in use.</summary>
    public IReadOnlyList<Lora> Loras { get; private set; } = [];

    /// <summary>
    /// Takes these LoRAs in the place of those before. Networks that are loaded change with them: a layer's weight is
    /// computed from the model's own each time, so nothing is left of a LoRA that is taken off.
    /// </summary>
    /// <exception cref="TextualInversionException">A file cannot be read, or does not fit the model.</exception>
    public void Use(IReadOnlyList<Lora> loras)
    {
        if (loras.SequenceEqual(Loras))
            return;
        // All files are opened before anything changes.
        var changes = loras.SelectMany(lora => Changes(lora)).ToLookup(change => change.Layer.Target.Part);
        foreach (var (part, tensors) in parts)
            tensors.Use(changes[part]);
        Loras = [.. loras];
    }

    /// <summary>Opens a LoRA and refuses one that does not fit.</summary>
    /// <exception cref="TextualInversionException">The file cannot be read, or does not fit the model.</exception>
    public void Check(Lora lora) => Layers(lora.Path);

    public T Config<T>(string part) => model.Config<T>(part);

    public ITensorFile Weights(string part) => parts.TryGetValue(part, out var merged) ? merged : model.Weights(part);

    public string TokenizerFolder(string name) => model.TokenizerFolder(name);

    public bool Has(string file) => model.Has(file);

    public string ReadText(string file) => model.ReadText(file);

    public string DisplayPath(string file) => model.DisplayPath(file);

    private IEnumerable<LoraChange> Changes(Lora lora) =>
        Layers(lora.Path)
            .Select(layer => new LoraChange(layer, layer.Target.Part == "unet" ? lora.Strength : lora.TextStrength));

    private IReadOnlyList<LoraLayer> Layers(string path) =>
        opened.TryGetValue(path, out var known) ? known : opened[path] = LoraFile.Open(path).Bind(targets);
}
