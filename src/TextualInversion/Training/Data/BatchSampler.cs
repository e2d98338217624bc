using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Data;

/// <summary>Draws the batches of a run. A batch depends only on the run's seed and the batch's number.</summary>
internal sealed class BatchSampler(
    LatentDataset dataset,
    PromptSource prompts,
    PromptTokenizers tokenizers,
    TrainOptions options,
    int trainTimesteps
)
{
    // (sqrt(5) - 1) / 2. Its multiples modulo 1 fill [0, 1) most evenly.
    private const double GoldenRatio = 0.6180339887498949;

    private readonly BucketBatchSampler imageChoice = dataset.Order(options.Seed);
    private readonly Placeholder placeholder = tokenizers.First.Placeholders[0];
    private readonly int timestepCount = (options.MaxTimestep ?? trainTimesteps) - options.MinTimestep;
    private readonly double stratifiedStart = new StepRandom(options.Seed, RandomStream.Timestep, -1).Uniform();

    /// <summary>A batch of a step.</summary>
    /// <param name="step">The step, counted from 0.</param>
    /// <param name="batch">The micro-batch, counted from 0 over those whose gradients accumulate in this step.</param>
    public TrainingBatch Sample(int step, int batch) => Sample((long)step * options.GradientAccumulationSteps + batch);

    /// <param name="number">The batch's number, counted from 0 over all steps.</param>
    public TrainingBatch Sample(long number)
    {
        var device = dataset.Device;
        using var scope = NewDisposeScope();
        var samples = Enumerable.Range(0, options.BatchSize).Select(i => number * options.BatchSize + i).ToArray();
        var images = imageChoice.Batch(number, options.BatchSize);
        var mirrored = samples
            .Select(sample => options.Flip && Random(RandomStream.Flip, sample).Uniform() < 0.5)
            .ToArray();
        var texts = samples
            .Select((sample, i) => prompts.Prompt(images[i], placeholder, Random(RandomStream.Prompt, sample)))
            .ToList();

        using var generator = Random(RandomStream.Noise, number).Generator();
        var shape = dataset.Shape(images[0], options.BatchSize);
        Tensor posteriorNoise = randn(shape, generator: generator).to(device),
            noise = randn(shape, generator: generator).to(device);
        if (options.Antithetic)
            noise = Paired(noise);
        if (options.NoiseOffset > 0)
        {
            var offset = randn([shape[0], shape[1], 1, 1], generator: generator).to(device); // (B, 4, 1, 1)
            noise = noise.Plus(offset.Times(options.NoiseOffset));
        }

        var latents = dataset.Sample(images, mirrored, posteriorNoise);
        return new TrainingBatch(
            latents.MoveToOuterDisposeScope(),
            noise.MoveToOuterDisposeScope(),
            [.. samples.Select(Timestep)],
            tokenizers.Tokenize(texts),
            [.. images.Select(dataset.Geometry)]
        )
        {
            Mask = dataset.Masks(images, mirrored)?.MoveToOuterDisposeScope(),
        };
    }

    private long Timestep(long sample)
    {
        var draw = options.Antithetic ? sample / 2 : sample; // batches are even, so no pair is split
        var position = options.Timesteps switch
        {
            TimestepSampling.Uniform => Random(RandomStream.Timestep, draw).Uniform(),
            TimestepSampling.Stratified => (stratifiedStart + draw * GoldenRatio) % 1,
            _ => throw new ArgumentOutOfRangeException(nameof(sample)),
        };
        return options.MinTimestep + (long)(position * timestepCount);
    }

    /// <summary>
    /// Antithetic noise, (B, 4, h, w): every second image gets the noise of the one before it with the opposite sign.
    /// </summary>
    private static Tensor Paired(Tensor noise)
    {
        var first = noise[TensorIndex.Slice(step: 2)]; // (B / 2, 4, h, w)
        return stack([first, -first], dim: 1).flatten(0, 1); // (B, 4, h, w)
    }

    private StepRandom Random(RandomStream stream, long counter) => new(options.Seed, stream, counter);
}
