using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// Stable Diffusion 1 and 2 (Rombach et al. 2022): the last states of one CLIP text encoder are the conditioning. The
/// two versions differ only in their configs.
/// </summary>
internal sealed class StableDiffusion : IDiffusionModel
{
    private readonly PromptEncoder text;

    /// <inheritdoc cref="DiffusionModel.Open"/>
    public StableDiffusion(IModelFiles files, Device device, ScalarType type, bool gradientCheckpointing = false)
    {
        Device = device;
        Latents = new LatentNetworks(files, device, type, gradientCheckpointing);
        text = new PromptEncoder(files, "", device);
        Latents.RequireText(text.Encoder.Width, addition: null);
    }

    public Device Device { get; }

    public IReadOnlyList<ModelPart> Parts { get; } = [ModelPart.TextEncoder, ModelPart.UNet, ModelPart.VaeEncoder];

    public IReadOnlyList<ClipTokenizer> Tokenizers => [text.Tokenizer];

    public IReadOnlyList<Tensor> Vocabularies => [text.Encoder.TokenEmbedding];

    public LatentNetworks Latents { get; }

    public bool ForceZerosForEmptyPrompt => false;

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

    public string Hash(ModelPart part) =>
        part switch
        {
            ModelPart.TextEncoder => text.Encoder.Hash(),
            ModelPart.UNet => Latents.UNet.Hash(),
            ModelPart.VaeEncoder => Latents.VaeEncoder.Hash(),
            _ => throw new ArgumentOutOfRangeException(nameof(part)),
        };

    public void Dispose()
    {
        Latents.Dispose();
        text.Dispose();
    }
}
