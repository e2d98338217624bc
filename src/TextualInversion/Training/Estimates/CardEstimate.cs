using TextualInversion.Checkpoints;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>The largest batches of a training that fit into a GPU's memory, 0 if not even one image does.</summary>
/// <param name="Gibibytes">The memory of the card.</param>
/// <param name="Fp32">In float32.</param>
/// <param name="Fp32Checkpointed">In float32 with gradient checkpointing.</param>
/// <param name="Half">In bfloat16 or float16.</param>
/// <param name="HalfCheckpointed">In bfloat16 or float16 with gradient checkpointing.</param>
internal sealed record CardEstimate(int Gibibytes, int Fp32, int Fp32Checkpointed, int Half, int HalfCheckpointed)
{
    /// <summary>The largest batch that is considered.</summary>
    public const int MostImages = 16;

    // Memory that CUDA's context, its libraries and a desktop use, in bytes.
    private const long Reserved = 768L << 20;

    private static readonly int[] Sizes = [4, 6, 8, 12, 16, 24]; // gibibytes

    /// <summary>The estimates for cards of the usual sizes.</summary>
    /// <param name="files">The model.</param>
    /// <param name="side">The side of the images in pixels, or null for the model's own.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static IReadOnlyList<CardEstimate> Of(IModelFiles files, int? side)
    {
        var (fp32, fp32Checkpointed) = (Need(ScalarType.Float32, false), Need(ScalarType.Float32, true));
        var (half, halfCheckpointed) = (Need(ScalarType.Float16, false), Need(ScalarType.Float16, true));
        return
        [
            .. Sizes.Select(size => new CardEstimate(
                size,
                Largest(size, fp32),
                Largest(size, fp32Checkpointed),
                Largest(size, half),
                Largest(size, halfCheckpointed)
            )),
        ];

        // The need grows by the same amount with each image.
        (long First, long More) Need(ScalarType type, bool checkpointing)
        {
            var choice = new MemoryChoice(checkpointing, KeepsHalf: false);
            var one = TrainingMemory.Estimate(files, side, batch: 1, type, choice);
            return (one, TrainingMemory.Estimate(files, side, batch: 2, type, choice) - one);
        }
    }

    private static int Largest(int size, (long First, long More) need)
    {
        var total = (long)size << 30;
        var budget = new MemoryBudget(total, total - Reserved) { IsOfGpu = true };
        var left = budget.ForTraining - need.First;
        return left < 0 ? 0 : (int)Math.Min(1 + (left / need.More), MostImages);
    }
}
