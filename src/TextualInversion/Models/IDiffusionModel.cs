using TextualInversion.Models.Tokenizers;
using TextualInversion.Models.Unets;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>The networks that gradients or images pass through in training, each frozen.</summary>
internal enum ModelPart
{
    TextEncoder,
    TextEncoder2,
    UNet,
    VaeEncoder,
}

/// <summary>
/// A frozen latent diffusion model. A family is one class that says how prompts become the U-Net's conditioning; the
/// U-Net and the VAE are the same for all families.
/// </summary>
internal interface IDiffusionModel : IDisposable
{
    Device Device { get; }

    /// <summary>The networks that training uses.</summary>
    IReadOnlyList<ModelPart> Parts { get; }

    /// <summary>The tokenizer of each text encoder.</summary>
    IReadOnlyList<ClipTokenizer> Tokenizers { get; }

    /// <summary>The token embeddings of each text encoder, (V, d).</summary>
    IReadOnlyList<Tensor> Vocabularies { get; }

    /// <summary>The U-Net and the VAE.</summary>
    LatentNetworks Latents { get; }

    /// <summary>
    /// Whether guidance without a negative prompt starts from zeros, as the model was trained, rather than from the
    /// empty prompt.
    /// </summary>
    bool ForceZerosForEmptyPrompt { get; }

    /// <summary>The height and width of a latent cell, in pixels.</summary>
    int PixelsPerCell => Latents.PixelsPerCell;

    /// <summary>The height and width of the images that the model was trained on, in pixels.</summary>
    int Resolution => Latents.Resolution;

    /// <summary>The type in which the U-Net computes.</summary>
    ScalarType Type => Latents.Type;

    /// <inheritdoc cref="LatentNetworks.UsesGradientCheckpointing"/>
    bool UsesGradientCheckpointing
    {
        get => Latents.UsesGradientCheckpointing;
        set => Latents.UsesGradientCheckpointing = value;
    }

    /// <param name="prompts">B prompts, for each text encoder.</param>
    /// <param name="rows">
    /// The vectors of all placeholders in order, (n, d) for each text encoder; they may need a gradient. Null if no
    /// prompt contains a placeholder.
    /// </param>
    /// <param name="images">The size and crop of the image that each prompt is for.</param>
    /// <param name="skippedBlocks">
    /// How many of the text encoders' last blocks are left out, in addition to those that the family leaves out. The
    /// pooled output always uses all blocks.
    /// </param>
    /// <exception cref="TextualInversionException">A text encoder has fewer blocks.</exception>
    Conditioning EncodePrompts(
        IReadOnlyList<PromptTokens> prompts,
        IReadOnlyList<Tensor>? rows,
        IReadOnlyList<SizeConditioning> images,
        int skippedBlocks = 0
    );

    /// <summary>
    /// SHA-256 of a network's values, see <see cref="Checkpoints.WeightStore.Hash"/>. Loads it if necessary.
    /// </summary>
    string Hash(ModelPart part);

    /// <param name="pixels">(B, 3, H, W) in [-1, 1]; H and W are multiples of <see cref="PixelsPerCell"/>.</param>
    /// <returns>The distribution of the scaled latents, (B, 4, h, w).</returns>
    LatentDistribution EncodeImages(Tensor pixels) => Latents.VaeEncoder.Encode(pixels);

    /// <inheritdoc cref="UNet.Forward"/>
    Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning) =>
        Latents.UNet.Forward(noisyLatents, timesteps, conditioning);

    /// <inheritdoc cref="UNet.Backward"/>
    void Backward(Tensor loss) => Latents.UNet.Backward(loss);

    /// <param name="latents">(B, 4, h, w), scaled.</param>
    /// <returns>(B, 3, H, W), approximately in [-1, 1].</returns>
    Tensor DecodeLatents(Tensor latents) => Latents.VaeDecoder.Decode(latents);

    /// <inheritdoc cref="LatentNetworks.ReleaseVae"/>
    void ReleaseVae() => Latents.ReleaseVae();
}
