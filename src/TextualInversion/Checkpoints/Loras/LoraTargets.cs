using TextualInversion.Checkpoints.SingleFile;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>A layer of a model that a LoRA may change.</summary>
/// <param name="Part">The network, see <see cref="IModelFiles"/>.</param>
/// <param name="Key">The name of its weight in the network's file.</param>
/// <param name="Shape">(outputs, inputs), or (outputs, inputs, kh, kw) of a convolution.</param>
internal sealed record LoraTarget(string Part, string Key, long[] Shape);

/// <summary>
/// The layers of a model by all names that LoRA files give them. kohya's scripts write underscores in the place of
/// points, and LDM's names for Stable Diffusion XL; so points and underscores count as the same here.
/// </summary>
internal sealed class LoraTargets
{
    private const string UNet = "unet",
        Weight = ".weight",
        TextModel = "text_model.";

    /// <summary>The start of a name in a file, and the network that it stands for.</summary>
    private static readonly (string Start, string Part)[] Starts =
    [
        ("lora_unet_", "unet_"),
        ("lora_te1_", "text_encoder_"),
        ("lora_te2_", "text_encoder_2_"),
        ("lora_te_", "text_encoder_"),
        ("base_model_model_", ""),
    ];

    /// <summary>The attention's names in the text encoder and in diffusers' first LoRA files.</summary>
    private static readonly (string Name, string Old)[] TextAttention =
    [
        (".q_proj", ".to_q"),
        (".k_proj", ".to_k"),
        (".v_proj", ".to_v"),
        (".out_proj", ".to_out"),
    ];

    private readonly Dictionary<string, LoraTarget> byName = new(StringComparer.Ordinal);

    /// <summary>The layers of a model.</summary>
    /// <exception cref="TextualInversionException">A file is missing, truncated or malformed.</exception>
    public LoraTargets(IModelFiles model)
    {
        AddUNet(model);
        AddText(model, "text_encoder");
        if (model.Family == ModelFamily.StableDiffusionXl)
            AddText(model, "text_encoder_2");
    }

    /// <summary>The layer that a LoRA's name stands for, or null if the model has none.</summary>
    public LoraTarget? Find(string name)
    {
        var plain = Plain(name);
        foreach (var (start, part) in Starts)
            if (plain.StartsWith(start, StringComparison.Ordinal))
                return byName.GetValueOrDefault(part + plain[start.Length..]);
        return byName.GetValueOrDefault(plain);
    }

    private static string Plain(string name) => name.Replace('.', '_');

    private void AddUNet(IModelFiles model)
    {
        var targets = Layers(model, UNet).ToList();
        var toLdm = LdmUNetInverse.Names([.. targets.Select(target => target.Layer)]);
        foreach (var (layer, target) in targets)
        {
            var ldm = toLdm(layer);
            Add(target, layer, $"{UNet}.{layer}", $"{UNet}.{ldm}", $"diffusion_model.{ldm}");
            if (layer.EndsWith(".to_out.0", StringComparison.Ordinal))
                Add(target, layer[..^".0".Length], $"{UNet}.{layer[..^".0".Length]}");
        }
    }

    private void AddText(IModelFiles model, string part)
    {
        foreach (var (full, target) in Layers(model, part))
        {
            var layer = full.StartsWith(TextModel, StringComparison.Ordinal) ? full[TextModel.Length..] : full;
            AddTextLayer(target, part, layer);
            foreach (var (name, old) in TextAttention)
                if (layer.EndsWith(name, StringComparison.Ordinal))
                    AddTextLayer(target, part, layer[..^name.Length] + old);
        }
    }

    private void AddTextLayer(LoraTarget target, string part, string layer)
    {
        Add(target, $"{part}.{TextModel}{layer}", $"{part}.{layer}");
        if (part == "text_encoder")
            Add(target, TextModel + layer);
    }

    private void Add(LoraTarget target, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            byName.TryAdd(Plain(name), target);
    }

    /// <summary>The matrices and convolutions of a network, without its tables of embeddings.</summary>
    private static IEnumerable<(string Layer, LoraTarget Target)> Layers(IModelFiles model, string part) =>
        from tensor in model.Weights(part).Tensors
        where tensor.Key.EndsWith(Weight, StringComparison.Ordinal)
        where tensor.Value.Shape.Length is 2 or 4
        where !tensor.Key.Contains("embeddings.", StringComparison.Ordinal)
        select (tensor.Key[..^Weight.Length], new LoraTarget(part, tensor.Key, tensor.Value.Shape));
}
