using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.Loras;

/// <summary>Says what a file is that cannot be used as a LoRA, or which model a LoRA is for.</summary>
internal static class LoraKind
{
    /// <summary>Parts of names that only other kinds of networks have.</summary>
    private static readonly (string[] Anywhere, string What)[] Unsupported =
    [
        ([".hada_w1_a", ".hada_w1_b", ".hada_w2_a"], "a LoHa"),
        ([".lokr_w1", ".lokr_w2"], "a LoKr"),
        ([".oft_blocks", ".oft_diag", ".oft_R."], "an OFT"),
        ([".boft_", ".glora_", ".a1.weight", ".b1.weight"], "a network of LyCORIS"),
        ([".diff", ".diff_b"], "a LyCORIS of whole weights"),
        ([".w_norm", ".b_norm"], "a LyCORIS of norms"),
        ([".lora_A.bias", ".lora_B.bias", ".lora_up.bias", ".lora_down.bias"], "a LoRA with biases"),
        ([".on_input"], "an IA3"),
        (["linear1.weight", "linear.0.weight"], "a hypernetwork"),
    ];

    /// <summary>Parts of names of other models' layers.</summary>
    private static readonly (string[] Anywhere, string What)[] OtherModels =
    [
        (["double_blocks", "single_transformer_blocks"], "Flux"),
        (["joint_blocks", "joint_transformer_blocks"], "Stable Diffusion 3"),
        (["lora_prior", "lora_stage_c"], "Stable Cascade"),
        (["transformer.", "lora_transformer_", "lora_te3_", "diffusion_model.layers"], "a diffusion transformer"),
    ];

    /// <summary>What the file is, if it is not supported; null if it may be a LoRA.</summary>
    public static string? NotSupported(ITensorFile file) =>
        Unsupported
            .Where(kind => file.Tensors.Keys.Any(key => Array.Exists(kind.Anywhere, part => EndsOrHolds(key, part))))
            .Select(kind => kind.What)
            .FirstOrDefault();

    /// <summary>The model that a LoRA is for, as its layers' names and widths tell; null if they do not.</summary>
    public static string? ModelOf(ITensorFile file)
    {
        foreach (var (anywhere, what) in OtherModels)
            if (file.Tensors.Keys.Any(key => Array.Exists(anywhere, part => Holds(key, part))))
                return what;
        if (file.Tensors.Keys.Any(key => Holds(key, "lora_te2_") || Holds(key, "text_encoder_2.")))
            return "Stable Diffusion XL";
        var widths = file
            .Tensors.Where(tensor => LoraKey.Parse(tensor.Key) is { Tensor: LoraTensor.Down } key && IsCross(key.Layer))
            .Select(tensor => tensor.Value.Shape is [_, var width, ..] ? width : 0);
        return widths.FirstOrDefault() switch
        {
            768 => "Stable Diffusion 1",
            1024 => "Stable Diffusion 2",
            2048 => "Stable Diffusion XL",
            _ => null,
        };
    }

    private static bool EndsOrHolds(string key, string part) =>
        part.EndsWith('.') || part.EndsWith('_') || part.Contains("_w", StringComparison.Ordinal)
            ? Holds(key, part)
            : key.EndsWith(part, StringComparison.Ordinal) || Holds(key, part + "_");

    private static bool Holds(string key, string part) => key.Contains(part, StringComparison.Ordinal);

    private static bool IsCross(string layer)
    {
        var plain = layer.Replace('.', '_');
        return plain.EndsWith("attn2_to_k", StringComparison.Ordinal)
            || plain.EndsWith("attn2_to_v", StringComparison.Ordinal);
    }
}
