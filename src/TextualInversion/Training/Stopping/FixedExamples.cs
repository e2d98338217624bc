using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training.Stopping;

/// <summary>An image at a timestep, with noise and a prompt that its number decides.</summary>
/// <param name="Image">The number of the image in the dataset.</param>
/// <param name="Timestep">The timestep, from 0.</param>
/// <param name="Number">The number of the example, from 0.</param>
internal readonly record struct FixedExample(int Image, long Timestep, int Number);

/// <summary>
/// Examples of the training images that depend on neither the run's seed nor its options, so that the losses of
/// different rows, and of different runs on the same images, can be compared.
/// </summary>
/// <param name="images">The images. The means of their latents are used.</param>
/// <param name="prompts">The prompts of the images.</param>
/// <param name="tokenizers">Tokenizers with the placeholder token.</param>
internal sealed class FixedExamples(LatentDataset images, PromptSource prompts, PromptTokenizers tokenizers)
{
    private const ulong Seed = 0;
    private const int Fewest = 16,
        MostImages = 32,
        CellsAtOnce = 64 * 64; // of the latents of an image of 512 x 512 pixels

    /// <summary>
    /// The number of examples that a pass forward measures, which takes less memory for each than a training step.
    /// Small images are computed faster in larger batches: as many as have the cells of one image of 512 x 512 pixels.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="batch">The batch size of the training: the number is at least that.</param>
    public static int AtOnce(LatentDataset images, int batch)
    {
        var largest = Enumerable.Range(0, images.Count).Select(images.Size).Max(size => size.Height * size.Width);
        return Math.Max(batch, (int)(CellsAtOnce / largest));
    }

    /// <summary>
    /// Pairs images with timesteps. Every image has the same number of timesteps, and both those of one image and those
    /// of all images are spread evenly over the schedule. At most 32 images are used, evenly selected.
    /// </summary>
    /// <param name="chosen">The numbers of the images.</param>
    /// <param name="trainTimesteps">The number of timesteps of the noise schedule.</param>
    public static List<FixedExample> Choose(IReadOnlyList<int> chosen, int trainTimesteps)
    {
        var count = Math.Min(chosen.Count, MostImages);
        var each = (Fewest + count - 1) / count;
        return
        [
            .. from level in Enumerable.Range(0, each)
            from image in Enumerable.Range(0, count)
            let position = (level + ((image + 0.5) / count)) / each
            select new FixedExample(
                chosen[image * chosen.Count / count],
                (long)(position * trainTimesteps),
                (level * count) + image
            ),
        ];
    }

    /// <summary>The examples in batches of images of one size.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="batch">The largest number of examples in a batch.</param>
    public IEnumerable<TrainingBatch> InBatches(IEnumerable<FixedExample> examples, int batch) =>
        BySize(examples).SelectMany(size => size.Chunk(batch)).Select(Batch);

    /// <summary>The examples in the order in which <see cref="InBatches"/> has them.</summary>
    public IEnumerable<FixedExample> Ordered(IEnumerable<FixedExample> examples) =>
        BySize(examples).SelectMany(size => size);

    /// <summary>The same batch with empty prompts. The tensors are shared.</summary>
    public TrainingBatch WithoutPrompts(TrainingBatch batch) =>
        batch with
        {
            Prompts = tokenizers.Tokenize([.. batch.Timesteps.Select(_ => "")]),
        };

    private IEnumerable<IGrouping<(long Height, long Width), FixedExample>> BySize(
        IEnumerable<FixedExample> examples
    ) => examples.GroupBy(example => images.Size(example.Image));

    private TrainingBatch Batch(FixedExample[] chunk)
    {
        using var scope = NewDisposeScope();
        var chosen = chunk.Select(example => example.Image).ToArray();
        var noise = cat([.. chunk.Select(example => Noise(images.Shape(example.Image, 1), example.Number))], dim: 0)
            .to(images.Device); // (B, 4, h, w)
        var upright = new bool[chosen.Length];
        var latents = images.Sample(chosen, upright, zeros_like(noise));
        return new TrainingBatch(
            latents.DetachFromDisposeScope(),
            noise.DetachFromDisposeScope(),
            [.. chunk.Select(example => example.Timestep)],
            tokenizers.Tokenize([.. chunk.Select(Prompt)]),
            [.. chosen.Select(images.Geometry)]
        )
        {
            Mask = images.Masks(chosen, upright)?.DetachFromDisposeScope(),
        };
    }

    private string Prompt(FixedExample example) =>
        prompts.ValidationPrompt(
            example.Image,
            tokenizers.First.Placeholders[0],
            new StepRandom(Seed, RandomStream.Prompt, example.Number)
        );

    private static Tensor Noise(long[] shape, int number)
    {
        using var generator = new StepRandom(Seed, RandomStream.Noise, number).Generator();
        return randn(shape, generator: generator);
    }
}
