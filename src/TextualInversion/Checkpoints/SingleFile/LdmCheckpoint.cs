using TextualInversion.Tensors;

namespace TextualInversion.Checkpoints.SingleFile;

/// <summary>The published lines of models, which differ in what a single file does not say.</summary>
internal enum ModelVersion
{
    StableDiffusion1,
    StableDiffusion2,
    StableDiffusionXl,
}

/// <summary>
/// A Stable Diffusion in one file, under the names of the original code: what trainers and model-sharing sites call a checkpoint. Copies
/// of the weights that are averages (<c>model_ema</c>) and buffers of training are passed over.
/// </summary>
internal sealed class LdmCheckpoint
{
    private const int Sd2Layers = 23,
        Sd2Width = 1024;

    private readonly ITensorFile file;
    private readonly string textPrefix;

    /// <param name="file">A file under its own names.</param>
    /// <exception cref="TextualInversionException">It holds something else than a whole Stable Diffusion 1, 2 or XL.</exception>
    public LdmCheckpoint(ITensorFile file)
    {
        this.file = file;
        (Line, textPrefix) = CheckpointKind.Recognise(file);
    }

    public string FilePath => file.FilePath;

    public ModelVersion Line { get; }

    public ModelFamily Family =>
        Line == ModelVersion.StableDiffusionXl ? ModelFamily.StableDiffusionXl : ModelFamily.StableDiffusion;

    /// <summary>The file under its own names.</summary>
    internal ITensorFile File => file;

    internal bool HasVae => file.Tensors.ContainsKey(LdmVae.Prefix + LdmVae.Mark);

    /// <summary>Opens a file as what it is, whatever its name; no tensor is read.</summary>
    /// <exception cref="TextualInversionException">It is missing or broken, or holds something else than a whole Stable Diffusion 1, 2 or XL.</exception>
    public static LdmCheckpoint Open(string path) => new(TensorFile.Open(path));

    /// <summary>The tensors of a part under diffusers' names.</summary>
    /// <param name="part"><c>unet</c>, <c>vae</c>, <c>text_encoder</c> or <c>text_encoder_2</c></param>
    /// <param name="textLayers">how many blocks of a text encoder are used, where a config says so</param>
    /// <exception cref="TextualInversionException">The file does not have that part.</exception>
    public ITensorFile Part(string part, int? textLayers = null) =>
        part switch
        {
            "unet" => UNet(),
            "vae" => LdmVae.Find(file, LdmVae.Prefix)
                ?? throw new TextualInversionException($"{FilePath}: holds no VAE; name one with --vae."),
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

    /// <summary>As transformers has it; files of 2022 may lack <c>text_model</c>, and some hold a projection or a scale, which are not used.</summary>
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
