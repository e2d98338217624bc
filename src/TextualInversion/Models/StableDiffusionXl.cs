using TextualInversion.Checkpoints;
using TextualInversion.Models.Clip;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// Stable Diffusion XL (Podell et al. 2023): the conditioning is the concatenated states of two CLIP text encoders, the
/// pooled output of the second one, and the image's size and crop.
/// </summary>
internal sealed class StableDiffusionXl : IDiffusionModel
{
    private readonly PromptEncoder first,
        second;

    /// <inheritdoc cref="DiffusionModel.Open"/>
    public StableDiffusionXl(IModelFiles files, Device device, ScalarType type, bool gradientCheckpointing = false)
    {
        Device = device;
        ForceZerosForEmptyPrompt = PipelineIndex.Read(files).ForceZerosForEmptyPrompt;
        Latents = new LatentNetworks(files, device, type, gradientCheckpointing);
        first = new PromptEncoder(files, "", device);
        second = new PromptEncoder(files, "_2", device, hasProjection: true);
        Latents.RequireText(first.Encoder.Width + second.Encoder.Width, addition: "text_time");
        Latents.RequirePooledText(second.Encoder.ProjectionWidth);
    }

    public Device Device { get; }

    public IReadOnlyList<ModelPart> Parts { get; } =
    [ModelPart.TextEncoder, ModelPart.TextEncoder2, ModelPart.UNet, ModelPart.VaeEncoder];

    public IReadOnlyList<ClipTokenizer> Tokenizers => [first.Tokenizer, second.Tokenizer];

    public IReadOnlyList<Tensor> Vocabularies => [first.Encoder.TokenEmbedding, second.Encoder.TokenEmbedding];

    public LatentNetworks Latents { get; }

    public bool ForceZerosForEmptyPrompt { get; }

    public Conditioning EncodePrompts(
        IReadOnlyList<PromptTokens> prompts,
        IReadOnlyList<Tensor>? rows,
        IReadOnlyList<SizeConditioning> images,
        int skippedBlocks = 0
    )
    {
        using var scope = NewDisposeScope();
        var (states1, states2) = (
            first.Encode(prompts[0], rows?[0], skippedBlocks),
            second.Encode(prompts[1], rows?[1], skippedBlocks)
        );
        var states = cat([states1.Penultimate, states2.Penultimate], dim: -1); // (B, S, d1 + d2)
        var whole = skippedBlocks == 0 ? states2 : second.Encode(prompts[1], rows?[1]);
        var pooled = ClipTextEncoder.Pool(whole.Last, tensor(prompts[1].EndOfTextPositions, device: Device)); // (B, d2)
        var timeIds = tensor(
            images.SelectMany(image => image.Values).ToArray(),
            [images.Count, SizeConditioning.Length],
            device: Device
        ); // (B, 6)
        var added = new AddedConditioning(
            second.Encoder.Project(pooled).MoveToOuterDisposeScope(),
            timeIds.MoveToOuterDisposeScope()
        );
        return new Conditioning(states.MoveToOuterDisposeScope(), added);
    }

    public string Hash(ModelPart part) =>
        part switch
        {
            ModelPart.TextEncoder => first.Encoder.Hash(),
            ModelPart.TextEncoder2 => second.Encoder.Hash(),
            ModelPart.UNet => Latents.UNet.Hash(),
            ModelPart.VaeEncoder => Latents.VaeEncoder.Hash(),
            _ => throw new ArgumentOutOfRangeException(nameof(part)),
        };

    public void Dispose()
    {
        Latents.Dispose();
        first.Dispose();
        second.Dispose();
    }
}
