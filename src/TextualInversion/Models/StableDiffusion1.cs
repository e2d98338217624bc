using TextualInversion.Checkpoints;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>The networks of a model, each frozen.</summary>
public enum ModelPart
{
    TextEncoder,
    UNet,
    VaeEncoder,
}

/// <summary>
/// Stable Diffusion 1 from a diffusers folder, frozen. A model family is one class with these three methods: encode pictures, encode
/// prompts, predict noise. The networks are loaded when they are first used and the VAE's can be let go, so that no more of them
/// is in memory than the work at hand needs.
/// </summary>
public sealed class StableDiffusion1 : IDisposable
{
    private readonly ScalarType type;
    private readonly UNetConfig unetConfig;
    private readonly VaeConfig vaeConfig;
    private readonly ITensorFile unetFile, vaeFile;
    private readonly ClipTextEncoder textEncoder;
    private VaeEncoder? vaeEncoder;
    private VaeDecoder? vaeDecoder;
    private UNet? unet;

    /// <param name="files">The model.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="type">What the U-Net computes in, float32 or bfloat16; the text encoder and the VAE always compute in float32.</param>
    /// <exception cref="TextualInversionException">A file is missing, truncated or another model's.</exception>
    public StableDiffusion1(IModelFiles files, Device device, ScalarType type)
    {
        Files = files;
        Device = device;
        this.type = type;
        unetConfig = files.Config<UNetConfig>("unet");
        vaeConfig = files.Config<VaeConfig>("vae");
        // All headers are read before any work, so that a broken file is named at once.
        (unetFile, vaeFile) = (files.Weights("unet"), files.Weights("vae"));
        Tokenizer = ClipTokenizer.Load(files.TokenizerFolder("tokenizer"));
        textEncoder = new ClipTextEncoder(files.Config<ClipTextConfig>("text_encoder"), files.Weights("text_encoder"), device);
        var vocabularySize = textEncoder.TokenEmbedding.shape[0];
        if (Tokenizer.VocabularySize > vocabularySize)
            throw new TextualInversionException($"{files.Full("tokenizer")}: has {Tokenizer.VocabularySize} tokens, the text encoder only {vocabularySize}; they do not belong together.");
    }

    public IModelFiles Files { get; }

    public Device Device { get; }

    public ClipTokenizer Tokenizer { get; }

    /// <summary>The vocabulary of each text encoder, (V, d): one here.</summary>
    public IReadOnlyList<Tensor> Vocabularies => [textEncoder.TokenEmbedding];

    /// <summary>Pixels that a latent cell stands for, along one side.</summary>
    public int PixelsPerCell => vaeConfig.PixelsPerCell;

    /// <summary>The side of the pictures that the model was trained on, in pixels.</summary>
    public int Resolution => unetConfig.SampleSize * PixelsPerCell;

    /// <param name="pixels">(B, 3, H, W) in [-1, 1], H and W multiples of <see cref="PixelsPerCell"/></param>
    /// <returns>the distribution of their scaled latents, (B, 4, h, w)</returns>
    public LatentDistribution EncodePictures(Tensor pixels)
    {
        vaeEncoder ??= new VaeEncoder(vaeConfig, vaeFile, Device);
        return vaeEncoder.Encode(pixels);
    }

    /// <param name="prompts">B prompts</param>
    /// <param name="rows">(n, d) for each text encoder, all placeholders' rows in order: what may need a gradient; null where no prompt holds a placeholder</param>
    public Conditioning EncodePrompts(PromptTokens prompts, IReadOnlyList<Tensor>? rows)
    {
        using var scope = NewDisposeScope();
        var ids = tensor(prompts.Ids, device: Device); // (B, S)
        return new Conditioning(textEncoder.Forward(ids, rows?[0], Tokenizer.VocabularySize).MoveToOuterDisposeScope());
    }

    /// <summary>See <see cref="UNet.Forward"/>.</summary>
    public Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning)
    {
        unet ??= new UNet(unetConfig, unetFile, type, Device);
        return unet.Forward(noisyLatents, timesteps, conditioning.EncoderHiddenStates);
    }

    /// <param name="latents">(B, 4, h, w), scaled</param>
    /// <returns>(B, 3, H, W), about [-1, 1]</returns>
    public Tensor DecodeLatents(Tensor latents)
    {
        vaeDecoder ??= new VaeDecoder(vaeConfig, vaeFile, Device);
        return vaeDecoder.Decode(latents);
    }

    /// <summary>SHA-256 of a network's values as it computes with them, see <see cref="WeightStore.Hash"/>; loads it where it is not.</summary>
    public string Hash(ModelPart part) => part switch
    {
        ModelPart.TextEncoder => textEncoder.Hash(),
        ModelPart.UNet => (unet ??= new UNet(unetConfig, unetFile, type, Device)).Hash(),
        ModelPart.VaeEncoder => (vaeEncoder ??= new VaeEncoder(vaeConfig, vaeFile, Device)).Hash(),
        _ => throw new ArgumentOutOfRangeException(nameof(part)),
    };

    /// <summary>Frees the VAE's memory; it is loaded again when it is needed.</summary>
    public void ReleaseVae()
    {
        vaeEncoder?.Dispose();
        vaeDecoder?.Dispose();
        (vaeEncoder, vaeDecoder) = (null, null);
    }

    public void Dispose()
    {
        ReleaseVae();
        unet?.Dispose();
        textEncoder.Dispose();
    }
}
