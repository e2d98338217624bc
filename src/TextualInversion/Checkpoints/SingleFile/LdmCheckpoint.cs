using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>The published versions, which differ in values that a single file does not contain.</summary>
internal enum ModelVersion
{
    StableDiffusion1,
    StableDiffusion2,
    StableDiffusionXl,
}

/// <summary>
/// A Stable Diffusion in one file under LDM's names, which trainers and model-sharing sites call a checkpoint. Averaged
/// copies of the weights (<c>model_ema</c>) and training buffers are ignored.
/// </summary>
internal sealed class LdmCheckpoint
{
    private const int Sd2Layers = 23,
        Sd2Width = 1024;

    private readonly ITensorFile file;
    private readonly string textPrefix;

    /// <param name="file">The file, under LDM's names.</param>
    /// <exception cref="TextualInversionException">The file is not a whole Stable Diffusion 1, 2 or XL.</exception>
    public LdmCheckpoint(ITensorFile file)
    {
        this.file = file;
        (Line, textPrefix) = CheckpointKind.Recognize(file);
    }

    public string FilePath => file.FilePath;

    public ModelVersion Line { get; }

    public ModelFamily Family =>
        Line == ModelVersion.StableDiffusionXl ? ModelFamily.StableDiffusionXl : ModelFamily.StableDiffusion;

    /// <summary>The file, under LDM's names.</summary>
    internal ITensorFile File => file;

    internal bool HasVae => file.Tensors.ContainsKey(LdmVae.Prefix + LdmVae.Mark);

    /// <summary>Opens a file by its content, whatever its name. No tensor is read.</summary>
    /// <exception cref="TextualInversionException">
    /// The file is missing or damaged, or is not a whole Stable Diffusion 1, 2 or XL.
    /// </exception>
    public static LdmCheckpoint Open(string path) => new(TensorFile.Open(path));

    /// <summary>The tensors of a part under diffusers' names.</summary>
    /// <param name="part"><c>unet</c>, <c>vae</c>, <c>text_encoder</c> or <c>text_encoder_2</c>.</param>
    /// <param name="textLayers">How many blocks of a text encoder are used. Null: as in the published models.</param>
    /// <exception cref="TextualInversionException">The file does not have that part.</exception>
    public ITensorFile Part(string part, int? textLayers = null) =>
        part switch
        {
            "unet" => UNet(),
            "vae" => LdmVae.Find(file, LdmVae.Prefix)
                ?? throw new TextualInversionException($"{FilePath}: holds no VAE; give one as well."),
            "text_encoder" when Line == ModelVersion.StableDiffusion2 => OpenClip(
                textPrefix,
                textLayers,
                hasProjection: false
            ),
            "text_encoder" => Clip(textPrefix),
            "text_encoder_2" when Line == ModelVersion.StableDiffusionXl => OpenClip(
                CheckpointKind.SecondTextPrefix,
                textLayers,
                hasProjection: true
            ),
            _ => throw new TextualInversionException($"{FilePath}: has no {part}."),
        };

    /// <summary>The file's tensors whose names begin with <paramref name="prefix"/>, without it.</summary>
    internal static Dictionary<string, TensorSource> Below(ITensorFile file, string prefix) =>
        file
            .Tensors.Where(tensor => tensor.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(
                tensor => tensor.Key[prefix.Length..],
                tensor => new TensorSource(tensor.Key, tensor.Value.Shape)
            );

    private RenamedTensors UNet()
    {
        var tensors = Below(file, LdmUNet.Prefix);
        var name = LdmUNet.Names(tensors.Keys);
        return new RenamedTensors(file, tensors.Select(tensor => (name(tensor.Key), tensor.Value)));
    }

    /// <summary>
    /// The text encoder under the names of transformers. Files of 2022 may lack <c>text_model</c>; a projection or a
    /// scale in the file is not used.
    /// </summary>
    private RenamedTensors Clip(string prefix)
    {
        const string Top = "text_model.";
        var tensors = Below(file, prefix);
        return new RenamedTensors(
            file,
            from tensor in tensors
            let name = tensor.Key.StartsWith(Top, StringComparison.Ordinal) ? tensor.Key : Top + tensor.Key
            let module = name.Split('.')[1]
            where
                module is "embeddings" or "encoder" or "final_layer_norm"
                && !name.EndsWith(".position_ids", StringComparison.Ordinal)
            select (name, tensor.Value)
        );
    }

    private RenamedTensors OpenClip(string prefix, int? textLayers, bool hasProjection)
    {
        var tensors = Below(file, prefix);
        var layers = OpenClipText.Layers(tensors);
        var isPublished =
            tensors.TryGetValue("token_embedding.weight", out var embedding) && embedding.Shape is [_, Sd2Width];
        var used =
            Line == ModelVersion.StableDiffusionXl ? layers
            : isPublished ? Sd2Layers
            : layers - 1;
        return new RenamedTensors(file, OpenClipText.Rename(tensors, textLayers ?? used, hasProjection));
    }
}
