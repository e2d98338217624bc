using TextualInversion.Models;
using TextualInversion.Models.Autograd;
using TextualInversion.Models.Tokenizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

/// <summary>
/// A model in which something may go wrong. The U-Net's result passes through a gradient checkpoint, so that a problem
/// can be thrown there while gradients are computed.
/// </summary>
internal sealed class FaultyModel(IDiffusionModel model) : IDiffusionModel
{
    private readonly GradientCheckpoint checkpoint = new();

    /// <summary>Runs before each prediction.</summary>
    public Action OnPredict { get; set; } = () => { };

    /// <summary>Changes each prediction.</summary>
    public Func<Tensor, Tensor> OnResult { get; set; } = prediction => prediction;

    /// <summary>Runs while the gradient of a prediction is computed.</summary>
    public Action OnBackward { get; set; } = () => { };

    /// <summary>Runs before latents are decoded.</summary>
    public Action OnDecode { get; set; } = () => { };

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
    ) => model.EncodePrompts(prompts, rows, images, skippedBlocks);

    public Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning)
    {
        OnPredict();
        var prediction = OnResult(model.PredictNoise(noisyLatents, timesteps, conditioning));
        var isForward = true;
        var result = checkpoint.Run(Pass, prediction);
        isForward = false;
        return result;

        Tensor Pass(Tensor[] inputs)
        {
            if (!isForward)
                OnBackward();
            return inputs[0].alias();
        }
    }

    public void Backward(Tensor loss)
    {
        model.Backward(loss);
        checkpoint.EndBackward();
    }

    public Tensor DecodeLatents(Tensor latents)
    {
        OnDecode();
        return model.DecodeLatents(latents);
    }

    public string Hash(ModelPart part) => model.Hash(part);

    public void Dispose() => model.Dispose();
}
