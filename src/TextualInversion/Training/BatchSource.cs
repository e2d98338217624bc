using TextualInversion.Models;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>Draws the batches of a run. Each is a function of the run's seed and its own number alone.</summary>
internal sealed class BatchSource(TrainingSet set, PictureOrder order, PromptSource prompts, PromptTokenizers tokenizers, TrainOptions options, int trainTimesteps)
{
    private const double GoldenRatio = 0.6180339887498949; // (sqrt(5) - 1) / 2: its multiples fill [0, 1) most evenly

    private readonly Placeholder placeholder = tokenizers.First.Placeholders[0];
    private readonly double stratifiedStart = new StepRandom(options.Seed, StepRandom.Purpose.Timestep, -1).Uniform();

    /// <param name="number">counted from 0 over all steps and accumulations</param>
    /// <param name="device">where the tensors are needed</param>
    public TrainingBatch Draw(long number, Device device)
    {
        using var scope = NewDisposeScope();
        var samples = Enumerable.Range(0, options.Batch).Select(i => number * options.Batch + i).ToArray();
        var pictures = order.Batch(number, options.Batch);
        var mirrored = samples.Select(sample => options.Flip && Random(StepRandom.Purpose.Flip, sample).Uniform() < 0.5).ToArray();
        var texts = samples.Select((sample, i) => prompts.Prompt(pictures[i], placeholder, Random(StepRandom.Purpose.Prompt, sample))).ToList();

        using var generator = Random(StepRandom.Purpose.Noise, number).Generator();
        var shape = set.Shape(pictures[0], options.Batch);
        Tensor posteriorNoise = randn(shape, generator: generator).to(device), noise = randn(shape, generator: generator).to(device);
        if (options.NoiseOffset > 0) noise += randn([shape[0], shape[1], 1, 1], generator: generator).to(device) * options.NoiseOffset;
        var latents = set.Sample(pictures, mirrored, posteriorNoise);
        return new TrainingBatch(latents.MoveToOuterDisposeScope(), noise.MoveToOuterDisposeScope(), [.. samples.Select(Timestep)], tokenizers.Tokenize(texts), [.. pictures.Select(set.Geometry)])
        {
            Mask = set.Masks(pictures, mirrored)?.MoveToOuterDisposeScope(),
        };
    }

    private long Timestep(long sample)
    {
        var position = options.Timesteps switch
        {
            TimestepSampling.Uniform => Random(StepRandom.Purpose.Timestep, sample).Uniform(),
            TimestepSampling.Stratified => (stratifiedStart + sample * GoldenRatio) % 1,
            _ => throw new ArgumentOutOfRangeException(nameof(sample)),
        };
        return (long)(position * trainTimesteps);
    }

    private StepRandom Random(StepRandom.Purpose purpose, long counter) => new(options.Seed, purpose, counter);
}
