using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training.Stopping;

/// <summary>
/// A fixed set of images, noise, timesteps and prompts. On it the loss falls as the embedding improves; the noisy loss
/// of single training steps does not show that (Voronov et al. 2023, https://arxiv.org/abs/2302.04841). The set depends
/// on neither the run's seed nor its options, so that runs on the same images can be compared.
/// </summary>
internal sealed class ValidationSet : IDisposable
{
    private const ulong Seed = 0;
    private const int FewestExamples = 16,
        MostImages = 32;
    private const double GoldenRatio = 0.6180339887498949; // (sqrt(5) - 1) / 2

    private readonly List<TrainingBatch> batches,
        withoutPrompts;

    /// <param name="set">The images. The means of their latents are used.</param>
    /// <param name="of">The numbers of the images to validate on.</param>
    /// <param name="prompts">The prompts of the images.</param>
    /// <param name="tokenizers">Tokenizers with the placeholder token.</param>
    /// <param name="batch">The number of examples in a forward pass.</param>
    /// <param name="trainTimesteps">The number of timesteps of the noise schedule.</param>
    /// <param name="most">
    /// The largest number of examples. If there are more, a selection that covers timesteps and images evenly. Default:
    /// all.
    /// </param>
    public ValidationSet(
        LatentDataset set,
        IReadOnlyList<int> of,
        PromptSource prompts,
        PromptTokenizers tokenizers,
        int batch,
        int trainTimesteps,
        int most = int.MaxValue
    )
    {
        var all = Examples(of.Count, trainTimesteps)
            .Select((example, number) => (Image: of[example.Image], example.Timestep, Number: number))
            .ToList();
        var examples = Spread(all.Count, most).Select(number => all[number]).ToList();
        var placeholder = tokenizers.First.Placeholders[0];
        batches =
        [
            .. examples.GroupBy(example => set.Size(example.Image)).SelectMany(size => size.Chunk(batch)).Select(Batch),
        ];
        withoutPrompts =
        [
            .. batches.Select(full => full with { Prompts = tokenizers.Tokenize([.. full.Timesteps.Select(_ => "")]) }),
        ];

        TrainingBatch Batch((int Image, long Timestep, int Number)[] chunk)
        {
            using var scope = NewDisposeScope();
            var images = chunk.Select(example => example.Image).ToArray();
            var noise = cat([.. chunk.Select(example => Noise(set.Shape(example.Image, 1), example.Number))], dim: 0)
                .to(set.Device); // (B, 4, h, w)
            var upright = new bool[images.Length];
            var latents = set.Sample(images, upright, zeros_like(noise));
            var texts = chunk
                .Select(example =>
                    prompts.ValidationPrompt(
                        example.Image,
                        placeholder,
                        new StepRandom(Seed, RandomStream.Prompt, example.Number)
                    )
                )
                .ToList();
            return new TrainingBatch(
                latents.DetachFromDisposeScope(),
                noise.DetachFromDisposeScope(),
                [.. chunk.Select(example => example.Timestep)],
                tokenizers.Tokenize(texts),
                [.. images.Select(set.Geometry)]
            )
            {
                Mask = set.Masks(images, upright)?.DetachFromDisposeScope(),
            };
        }
    }

    /// <summary>The mean loss over all examples.</summary>
    /// <param name="lossOf">Computes the mean loss of a batch.</param>
    public double Loss(Func<TrainingBatch, double> lossOf) => Mean(batches, lossOf);

    /// <summary>The same with empty prompts, that is, of the model alone.</summary>
    public double LossWithoutPrompts(Func<TrainingBatch, double> lossOf) => Mean(withoutPrompts, lossOf);

    public void Dispose()
    {
        foreach (var batch in batches)
        {
            batch.Latents.Dispose();
            batch.Noise.Dispose();
            batch.Mask?.Dispose();
        }
    }

    /// <summary>
    /// Pairs images with timesteps. Every image has the same number of timesteps, and both those of one image and those
    /// of all images are spread evenly over the schedule. At most 32 images are used, evenly selected.
    /// </summary>
    internal static List<(int Image, long Timestep)> Examples(int images, int trainTimesteps)
    {
        var chosen = Math.Min(images, MostImages);
        var each = (FewestExamples + chosen - 1) / chosen;
        return
        [
            .. from level in Enumerable.Range(0, each)
            from image in Enumerable.Range(0, chosen)
            let position = (level + ((image + 0.5) / chosen)) / each
            select (image * images / chosen, (long)(position * trainTimesteps)),
        ];
    }

    /// <summary>
    /// Selects at most <paramref name="most"/> of the numbers below <paramref name="count"/>: one from each of equal
    /// parts, at varying positions. A fixed position would always select the same image, since consecutive numbers are
    /// the images at one timestep.
    /// </summary>
    internal static IEnumerable<int> Spread(int count, int most)
    {
        var chosen = Math.Min(count, most);
        return Enumerable.Range(0, chosen).Select(part => (int)((part + (part * GoldenRatio % 1)) * count / chosen));
    }

    private static Tensor Noise(long[] shape, int number)
    {
        using var generator = new StepRandom(Seed, RandomStream.Noise, number).Generator();
        return randn(shape, generator: generator);
    }

    private static double Mean(List<TrainingBatch> batches, Func<TrainingBatch, double> lossOf) =>
        batches.Sum(batch => lossOf(batch) * batch.Timesteps.Length) / batches.Sum(batch => batch.Timesteps.Length);
}
