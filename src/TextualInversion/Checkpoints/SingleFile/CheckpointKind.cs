using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>Recognizes checkpoints, and the other files that people have, by the names of their tensors.</summary>
internal static class CheckpointKind
{
    /// <summary>The prefix of Stable Diffusion XL's second text encoder.</summary>
    public const string SecondTextPrefix = "conditioner.embedders.1.model.";

    private const string FirstConvolution = "model.diffusion_model.input_blocks.0.0.weight";

    /// <summary>Parts of names that only other kinds of files have, with descriptions of these.</summary>
    private static readonly (string[] Anywhere, string What)[] Others =
    [
        (["lora_", ".lora", "lora.", ".hada_w", ".lokr_w", ".oft_"], "a LoRA; name the model that it belongs to"),
        (["control_model.", "controlnet_", "input_hint_block."], "a ControlNet"),
        (["double_blocks."], "a model of the family of Flux"),
        (["joint_blocks.", "joint_transformer_blocks."], "a Stable Diffusion 3"),
    ];

    /// <returns>The version of the model, and the prefix of its first text encoder.</returns>
    /// <exception cref="TextualInversionException">The file is something else; the message says what.</exception>
    public static (ModelVersion Line, string TextPrefix) Recognize(ITensorFile file)
    {
        var tensors = file.Tensors;
        foreach (var (anywhere, what) in Others)
            if (tensors.Keys.Any(name => Array.Exists(anywhere, part => name.Contains(part, StringComparison.Ordinal))))
                throw Refused(file, what);
        if (!tensors.TryGetValue(FirstConvolution, out var first))
            throw Refused(file, WithoutUNet(tensors));
        if (WithUNet(tensors, first.Shape) is { } other)
            throw Refused(file, other);
        if (Has("conditioner.embedders.0.transformer.") && Has(SecondTextPrefix))
            return (ModelVersion.StableDiffusionXl, "conditioner.embedders.0.transformer.");
        if (Has("cond_stage_model.transformer."))
            return (ModelVersion.StableDiffusion1, "cond_stage_model.transformer.");
        if (Has("cond_stage_model.model."))
            return (ModelVersion.StableDiffusion2, "cond_stage_model.model.");
        if (Has("conditioner.embedders.0.model."))
            return (ModelVersion.StableDiffusion2, "conditioner.embedders.0.model."); // saved by Stability's later code
        throw Refused(file, "a U-Net without its text encoder; name a whole model");

        bool Has(string prefix) => tensors.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>Describes a model that does not generate images from text alone, or null for one that does.</summary>
    private static string? WithUNet(IReadOnlyDictionary<string, TensorEntry> tensors, long[] firstShape)
    {
        var isXl = tensors.Keys.Any(name => name.StartsWith(SecondTextPrefix, StringComparison.Ordinal));
        return firstShape switch
        {
            [_, 9, ..] => "an inpainting model (its U-Net takes 9 channels); name the model that it was made from",
            [_, 8, ..] =>
                "a model that edits images (its U-Net takes 8 channels); name the model that it was made from",
            [_, 4, ..] when tensors.ContainsKey("edm_mean") || tensors.ContainsKey("edm_vpred.sigma_max") =>
                "a model that was trained with the noise of EDM, which is not supported",
            [_, 4, ..] when tensors.ContainsKey("model.diffusion_model.label_emb.0.0.weight") && !isXl =>
                "Stable Diffusion XL's refiner or a model guided by images; name the base model",
            [_, 4, ..] => null,
            _ => "a model for depth or upscaling (its U-Net does not take 4 channels); "
                + "name the model that it was made from",
        };
    }

    private static string WithoutUNet(IReadOnlyDictionary<string, TensorEntry> tensors) =>
        tensors switch
        {
            { Count: 0 } => "a file without tensors",
            _ when tensors.ContainsKey("emb_params")
                    || tensors.ContainsKey("emp_params")
                    || tensors.ContainsKey("clip_g")
                    || tensors.Count <= 2 && tensors.Values.All(tensor => tensor.Shape.Length <= 2) =>
                "an embedding; name the model instead, and give the file as an embedding",
            _ when tensors.ContainsKey("down_blocks.0.resnets.0.conv1.weight") =>
                "diffusers' U-Net alone; name the folder above it, which holds model_index.json",
            _ when tensors.ContainsKey(LdmVae.Mark)
                    || tensors.ContainsKey(LdmVae.Prefix + LdmVae.Mark)
                    || tensors.ContainsKey("decoder.mid_block.resnets.0.norm1.weight") =>
                "a VAE alone; name the model instead, and give the file as its VAE",
            _ when tensors.ContainsKey("text_model.embeddings.token_embedding.weight") =>
                "a text encoder alone; name the folder above it, which holds model_index.json",
            _ => $"something else (its first tensor is {tensors.Keys.First()})",
        };

    private static TextualInversionException Refused(ITensorFile file, string what) =>
        new($"{file.FilePath}: is not a checkpoint of Stable Diffusion 1, 2 or XL, but {what}.");
}
