using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints;

/// <summary>
/// A Stable Diffusion in a diffusers folder, with a sub-folder for the config and the weights of each part.
/// </summary>
internal sealed class ModelFolder : IModelFiles
{
    // Pipelines with these networks; pipelines for inpainting, ControlNet and the like have others.
    private static readonly Dictionary<string, ModelFamily> Families = new()
    {
        ["StableDiffusionPipeline"] = ModelFamily.StableDiffusion,
        ["StableDiffusionImg2ImgPipeline"] = ModelFamily.StableDiffusion,
        ["StableDiffusionXLPipeline"] = ModelFamily.StableDiffusionXl,
        ["StableDiffusionXLImg2ImgPipeline"] = ModelFamily.StableDiffusionXl,
    };

    private readonly string? variant;

    /// <param name="path">The folder.</param>
    /// <param name="variant">The weights to prefer if there are several, such as <c>fp16</c>.</param>
    /// <exception cref="TextualInversionException">
    /// The folder does not exist, is not a Stable Diffusion, or has no such variant.
    /// </exception>
    public ModelFolder(string path, string? variant = null)
    {
        Path = path;
        this.variant = variant;
        if (!Directory.Exists(path))
            throw new TextualInversionException($"{path}: no such model folder; name a diffusers folder.");
        Family = Has(PipelineIndex.FileName) ? NamedFamily() : FamilyOfParts();
        if (variant is not null)
            RequireVariant(variant);
    }

    public string Path { get; }

    public ModelFamily Family { get; }

    public T Config<T>(string part) =>
        ConfigJson.Parse<T>(ReadText($"{part}/config.json"), DisplayPath($"{part}/config.json"));

    public string ReadText(string file) => ConfigJson.ReadText(DisplayPath(file));

    public ITensorFile Weights(string part)
    {
        var path = WeightFiles.Find(DisplayPath(part), variant);
        return path.EndsWith(".json", StringComparison.Ordinal) ? ShardedTensors.Open(path) : TensorFile.Open(path);
    }

    public string TokenizerFolder(string name) => DisplayPath(name);

    public bool Has(string file) => File.Exists(DisplayPath(file));

    /// <summary>The full path of a file or folder inside.</summary>
    public string DisplayPath(string file) => System.IO.Path.Combine(Path, file);

    private ModelFamily NamedFamily()
    {
        var index = PipelineIndex.Read(this);
        if (index.RequiresAestheticsScore)
            throw new TextualInversionException(
                $"{DisplayPath(PipelineIndex.FileName)}: is Stable Diffusion XL's refiner, "
                    + "which finishes images of another model; name the base model."
            );
        return Families.TryGetValue(index.ClassName ?? "", out var family)
            ? family
            : throw new TextualInversionException(
                $"{DisplayPath(PipelineIndex.FileName)}: is a {index.ClassName ?? "model without _class_name"}; "
                    + $"folders of Stable Diffusion 1, 2 and XL can be used ({string.Join(", ", Families.Keys)})."
            );
    }

    /// <summary>The family of a folder without a model_index.json.</summary>
    private ModelFamily FamilyOfParts() =>
        !Has("unet/config.json")
            ? throw new TextualInversionException(
                $"{Path}: holds neither {PipelineIndex.FileName} nor unet/config.json, "
                    + "so it is not a diffusers folder of a Stable Diffusion; name the folder that holds them."
            )
        : Directory.Exists(DisplayPath("text_encoder_2")) ? ModelFamily.StableDiffusionXl
        : ModelFamily.StableDiffusion;

    /// <summary>One part with the variant is enough: often only the U-Net is published in half precision.</summary>
    private void RequireVariant(string name)
    {
        string[] parts = ["unet", "vae", "text_encoder", "text_encoder_2"];
        var known = parts
            .SelectMany(part => WeightFiles.Variants(DisplayPath(part)))
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToList();
        if (!known.Contains(name))
        {
            var offer =
                known.Count == 0 ? "it has no variants; leave the variant out" : $"it has {string.Join(", ", known)}";
            throw new TextualInversionException($"{Path}: has no weights of the variant {name}; {offer}.");
        }
    }
}
