namespace TextualInversion.Checkpoints.Loras;

/// <summary>What a tensor of a LoRA is.</summary>
internal enum LoraTensor
{
    /// <summary>(r, inputs), or (r, inputs, kh, kw) of a convolution.</summary>
    Down,

    /// <summary>(outputs, r), or (outputs, r, 1, 1).</summary>
    Up,

    /// <summary>(r, r, kh, kw), between the two, of a convolution that LyCORIS factorized.</summary>
    Middle,

    /// <summary>One number; the change is scaled by alpha / r.</summary>
    Alpha,

    /// <summary>The lengths of the rows or columns of the weight (DoRA, Liu et al. 2024).</summary>
    Magnitude,
}

/// <summary>
/// The name of a tensor of a LoRA, in any of the spellings of kohya's scripts, LyCORIS, diffusers and PEFT.
/// </summary>
/// <param name="Layer">The layer that it changes, see <see cref="LoraTargets.Find"/>.</param>
/// <param name="Tensor">What it is of that layer.</param>
internal readonly record struct LoraKey(string Layer, LoraTensor Tensor)
{
    // The longer of two that end alike comes first.
    private static readonly (string End, LoraTensor Tensor)[] Ends =
    [
        (".lora_linear_layer.down.weight", LoraTensor.Down),
        (".lora_linear_layer.up.weight", LoraTensor.Up),
        (".lora_down.weight", LoraTensor.Down),
        (".lora_up.weight", LoraTensor.Up),
        (".lora_mid.weight", LoraTensor.Middle),
        (".lora_A.default.weight", LoraTensor.Down),
        (".lora_B.default.weight", LoraTensor.Up),
        (".lora_A.weight", LoraTensor.Down),
        (".lora_B.weight", LoraTensor.Up),
        (".lora.down.weight", LoraTensor.Down),
        (".lora.up.weight", LoraTensor.Up),
        ("_lora.down.weight", LoraTensor.Down),
        ("_lora.up.weight", LoraTensor.Up),
        (".lora_magnitude_vector.default.weight", LoraTensor.Magnitude),
        (".lora_magnitude_vector.weight", LoraTensor.Magnitude),
        (".lora_magnitude_vector", LoraTensor.Magnitude),
        (".dora_scale", LoraTensor.Magnitude),
        (".alpha", LoraTensor.Alpha),
    ];

    /// <summary>The name's parts, or null for a tensor that is not one of a LoRA.</summary>
    public static LoraKey? Parse(string key)
    {
        foreach (var (end, tensor) in Ends)
            if (key.EndsWith(end, StringComparison.Ordinal))
                // diffusers' first files name the attention's processor, which held the LoRA then.
                return new LoraKey(key[..^end.Length].Replace(".processor.", ".", StringComparison.Ordinal), tensor);
        return null;
    }
}
