using TextualInversion.Checkpoints;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>How many concepts share a U-Net batch where nothing else is said.</summary>
internal static class ConceptCount
{
    /// <summary>The most concepts. A GPU that computes as many images at once gains little by more.</summary>
    internal const int Most = 16;

    /// <summary>
    /// One on a CPU, where an image of a batch takes as long as one alone. On a GPU as many as fit into its memory with
    /// the memory savings that one concept needs.
    /// </summary>
    /// <param name="options">The options of one of the trainings.</param>
    /// <param name="files">The model.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="budget">The memory that was there before the model was loaded.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static int Of(TrainOptions options, IModelFiles files, Device device, MemoryBudget budget, ScalarType type)
    {
        if (device.type != DeviceType.CUDA)
            return 1;
        var choice = MemoryChoice.Of(options, files, budget, type);
        return Largest(concepts =>
            TrainingMemory.Estimate(files, options.Resolution, concepts * options.BatchSize, type, choice)
            <= budget.ForTraining
        );
    }

    /// <summary>The largest number of concepts that fits, at least 1 and at most <see cref="Most"/>.</summary>
    internal static int Largest(Func<int, bool> fits)
    {
        var count = 1;
        while (count < Most && fits(count + 1))
            count++;
        return count;
    }
}
