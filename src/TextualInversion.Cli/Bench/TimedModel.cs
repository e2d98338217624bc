using System.Diagnostics;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Bench;

/// <summary>The work of a model that is measured.</summary>
internal enum ModelWork
{
    EncodeImages,
    EncodePrompts,
    PredictNoise,
    Backward,
}

/// <summary>A model that measures its work. It changes nothing of what is computed.</summary>
internal sealed class TimedModel(IDiffusionModel model) : IDiffusionModel
{
    private readonly Dictionary<ModelWork, double> seconds = [];

    public Device Device => model.Device;

    public IReadOnlyList<ModelPart> Parts => model.Parts;

    public IReadOnlyList<ClipTokenizer> Tokenizers => model.Tokenizers;

    public IReadOnlyList<Tensor> Vocabularies => model.Vocabularies;

    public LatentNetworks Latents => model.Latents;

    public bool ForceZerosForEmptyPrompt => model.ForceZerosForEmptyPrompt;

    /// <summary>How long a kind of work took since <see cref="Reset"/>, in seconds.</summary>
    public double Seconds(ModelWork work) => seconds.GetValueOrDefault(work);

    /// <summary>Starts anew, when the device has done all that it was given.</summary>
    public void Reset()
    {
        WaitForDevice();
        seconds.Clear();
    }

    /// <summary>Waits until the device has done all that it was given; a copy from a GPU waits for it.</summary>
    public void WaitForDevice()
    {
        if (Device.type == DeviceType.CPU)
            return;
        using var scope = NewDisposeScope();
        _ = zeros(1, device: Device).cpu();
    }

    public Conditioning EncodePrompts(
        IReadOnlyList<PromptTokens> prompts,
        IReadOnlyList<Tensor>? rows,
        IReadOnlyList<SizeConditioning> images,
        int skippedBlocks = 0
    ) => Measure(ModelWork.EncodePrompts, () => model.EncodePrompts(prompts, rows, images, skippedBlocks));

    public LatentDistribution EncodeImages(Tensor pixels) =>
        Measure(ModelWork.EncodeImages, () => model.EncodeImages(pixels));

    public Tensor PredictNoise(Tensor noisyLatents, Tensor timesteps, Conditioning conditioning) =>
        Measure(ModelWork.PredictNoise, () => model.PredictNoise(noisyLatents, timesteps, conditioning));

    public void Backward(Tensor loss) =>
        Measure(
            ModelWork.Backward,
            () =>
            {
                model.Backward(loss);
                return true;
            }
        );

    public string Hash(ModelPart part) => model.Hash(part);

    public void Dispose() => model.Dispose();

    private T Measure<T>(ModelWork work, Func<T> run)
    {
        WaitForDevice();
        var clock = Stopwatch.StartNew();
        var result = run();
        WaitForDevice();
        seconds[work] = Seconds(work) + clock.Elapsed.TotalSeconds;
        return result;
    }
}
