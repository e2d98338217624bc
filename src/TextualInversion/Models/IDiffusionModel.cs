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
/// A frozen latent diffusion model. A family is one class with these three methods: encode images, encode prompts, predict noise;
/// whoever trains or paints needs no more than this.
/// </summary>
internal interface IDiffusionModel : IDisposable
{
    Device Device { get; }

    /// <summary>The networks that training uses.</summary>
    IReadOnlyList<ModelPart> Parts { get; }

    /// <summary>The tokenizer of each text encoder.</summary>
    IReadOnlyList<ClipTokenizer> Tokenizers { get; }

    /// <summary>The vocabulary of each text encoder, (V, d).</summary>
    IReadOnlyList<Tensor> Vocabularies { get; }

    /// <summary>Pixels that a latent cell stands for, along one side.</summary>
    int PixelsPerCell { get; }

    /// <summary>The side of the images that the model was trained on, in pixels.</summary>
    int Resolution { get; }

    /// <summary>Whether guidance without a negative prompt starts from zeros, as the model was trained, rather than from the empty prompt.</summary>
    bool ForceZerosForEmptyPrompt { get; }

    /// <param name="pixels">(B, 3, H, W) in [-1, 1], H and W multiples of <see cref="PixelsPerCell"/></param>
    /// <returns>the distribution of their scaled latents, (B, 4, h, w)</returns>
    LatentDistribution EncodeImages(Tensor pixels);

    /// <param name="prompts">B prompts, for each text encoder</param>
    /// <param name="rows">(n, d) for each text encoder, all placeholders' rows in order: what may need a gradient; null where no prompt holds a placeholder</param>
    /// <param name="images">of each prompt the image that it is for</param>
    /// <param name="skippedBlocks">how many of the text encoders' blocks are left out at the end, beyond those that the family leaves out; what is pooled has them all</param>
    /// <exception cref="TextualInversionException">A text encoder has not so many blocks.</exception>
    Conditioning EncodePrompts(
        IReadOnlyList<PromptTokens> prompts,
        IReadOnlyList<Tensor>? rows,
        IReadOnlyList<SizeConditioning> images,
        int skippedBlocks = 0
    );

    /// <summary>See <see cref="UNet.Forward"/>.</summary>
    Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning);

    /// <summary>See <see cref="UNet.Backward"/>.</summary>
    void Backward(Tensor loss);

    /// <param name="latents">(B, 4, h, w), scaled</param>
    /// <returns>(B, 3, H, W), about [-1, 1]</returns>
    Tensor DecodeLatents(Tensor latents);

    /// <summary>SHA-256 of a network's values as it computes with them, see <see cref="Checkpoints.WeightStore.Hash"/>; loads it where it is not.</summary>
    string Hash(ModelPart part);

    /// <summary>Frees the VAE's memory; it is loaded again when it is needed.</summary>
    void ReleaseVae();
}
