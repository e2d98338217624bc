using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests;

/// <summary>
/// A model that refuses inputs on another device. libtorch's linear layers do not refuse them on the meta device; those
/// of a GPU do.
/// </summary>
internal sealed class OneDeviceModel(IDiffusionModel model) : IDiffusionModel
{
    public Device Device => model.Device;

    public IReadOnlyList<ModelPart> Parts => model.Parts;

    public IReadOnlyList<ClipTokenizer> Tokenizers => model.Tokenizers;

    public IReadOnlyList<Tensor> Vocabularies => model.Vocabularies;

    public LatentNetworks Latents => model.Latents;

    public bool ForceZerosForEmptyPrompt => model.ForceZerosForEmptyPrompt;

    public Conditioning EncodePrompts(
        IReadOnlyList<PromptTokens> prompts,
        IReadOnlyList<Tensor>? rows,
        IReadOnlyList<SizeConditioning> images,
        int skippedBlocks = 0
    )
    {
        Require([.. rows ?? []]);
        return model.EncodePrompts(prompts, rows, images, skippedBlocks);
    }

    public LatentDistribution EncodeImages(Tensor pixels)
    {
        Require(pixels);
        return model.EncodeImages(pixels);
    }

    public Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning)
    {
        Require(noisyLatents, timesteps, conditioning.EncoderHiddenStates);
        if (conditioning.Added is { } added)
            Require(added.PooledText, added.TimeIds);
        return model.PredictNoise(noisyLatents, timesteps, conditioning);
    }

    public void Backward(Tensor loss)
    {
        Require(loss);
        model.Backward(loss);
    }

    public Tensor DecodeLatents(Tensor latents)
    {
        Require(latents);
        return model.DecodeLatents(latents);
    }

    public string Hash(ModelPart part) => model.Hash(part);

    public void Dispose() => model.Dispose();

    private void Require(params Tensor[] tensors)
    {
        foreach (var tensor in tensors)
        {
            if (tensor.device_type != Device.type)
                throw new InvalidOperationException(
                    $"An input ({string.Join(", ", tensor.shape)}) is not on {Device}."
                );
        }
    }
}
