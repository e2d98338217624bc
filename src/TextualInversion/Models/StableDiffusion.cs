using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// Stable Diffusion 1 and 2 (Rombach et al. 2022): one CLIP text encoder whose last states are the condition. What tells the two apart
/// is in their configs.
/// </summary>
internal sealed class StableDiffusion : IDiffusionModel
{
    private readonly LatentNetworks networks;
    private readonly PromptEncoder text;

    /// <inheritdoc cref="DiffusionModel.Open"/>
    public StableDiffusion(IModelFiles files, Device device, ScalarType type, bool gradientCheckpointing = false)
    {
        Device = device;
        networks = new LatentNetworks(files, device, type, gradientCheckpointing);
        text = new PromptEncoder(files, "", device);
        networks.RequireText(text.Encoder.Width, addition: null);
    }

    public Device Device { get; }

    public IReadOnlyList<ModelPart> Parts { get; } = [ModelPart.TextEncoder, ModelPart.UNet, ModelPart.VaeEncoder];

    public IReadOnlyList<ClipTokenizer> Tokenizers => [text.Tokenizer];

    public IReadOnlyList<Tensor> Vocabularies => [text.Encoder.TokenEmbedding];

    public int PixelsPerCell => networks.PixelsPerCell;

    public int Resolution => networks.Resolution;

    public bool ForceZerosForEmptyPrompt => false;

    public LatentDistribution EncodeImages(Tensor pixels) => networks.VaeEncoder.Encode(pixels);

    public Conditioning EncodePrompts(
        IReadOnlyList<PromptTokens> prompts,
        IReadOnlyList<Tensor>? rows,
        IReadOnlyList<SizeConditioning> images,
        int skippedBlocks = 0
    )
    {
        using var scope = NewDisposeScope();
        return new Conditioning(text.Encode(prompts[0], rows?[0], skippedBlocks).Last.MoveToOuterDisposeScope());
    }

    public Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning) =>
        networks.UNet.Forward(noisyLatents, timesteps, conditioning);

    public void Backward(Tensor loss) => networks.UNet.Backward(loss);

    public Tensor DecodeLatents(Tensor latents) => networks.VaeDecoder.Decode(latents);

    public string Hash(ModelPart part) =>
        part switch
        {
            ModelPart.TextEncoder => text.Encoder.Hash(),
            ModelPart.UNet => networks.UNet.Hash(),
            ModelPart.VaeEncoder => networks.VaeEncoder.Hash(),
            _ => throw new ArgumentOutOfRangeException(nameof(part)),
        };

    public void ReleaseVae() => networks.ReleaseVae();

    public void Dispose()
    {
        networks.Dispose();
        text.Dispose();
    }
}
