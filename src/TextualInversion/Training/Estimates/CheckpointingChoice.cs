using TextualInversion.Checkpoints;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>Whether a training starts with gradient checkpointing.</summary>
internal static class CheckpointingChoice
{
    /// <param name="options">The options of the training; <see cref="GradientCheckpointing.Auto"/> asks the
    /// device.</param>
    /// <param name="files">The model.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static bool IsOn(TrainOptions options, IModelFiles files, Device device, ScalarType type) =>
        IsOn(
            options.GradientCheckpointing,
            () => TrainingMemory.Estimate(files, options.Resolution, options.BatchSize, type),
            MemoryBudget.Of(device)
        );

    /// <param name="option">The option.</param>
    /// <param name="estimate">Estimates the bytes that are needed without it.</param>
    /// <param name="budget">The memory of the device.</param>
    internal static bool IsOn(GradientCheckpointing option, Func<long> estimate, MemoryBudget budget) =>
        option switch
        {
            GradientCheckpointing.On => true,
            GradientCheckpointing.Off => false,
            GradientCheckpointing.Auto => estimate() > budget.ForTraining,
            _ => throw new ArgumentOutOfRangeException(nameof(option)),
        };
}
