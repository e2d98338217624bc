using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>How a training saves memory at the cost of time.</summary>
/// <param name="GradientCheckpointing">Whether it starts with gradient checkpointing.</param>
/// <param name="KeepsHalf">See <see cref="LatentNetworks.KeepsHalf"/>.</param>
internal readonly record struct MemoryChoice(bool GradientCheckpointing, bool KeepsHalf)
{
    /// <param name="options">The options of the training; what they leave open, the memory decides.</param>
    /// <param name="files">The model.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static MemoryChoice Of(TrainOptions options, IModelFiles files, Device device, ScalarType type) =>
        Of(options, files, MemoryBudget.Of(device), type);

    /// <param name="options">The options of the training; what they leave open, the memory decides.</param>
    /// <param name="files">The model.</param>
    /// <param name="budget">The memory that was there before the model was loaded.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static MemoryChoice Of(TrainOptions options, IModelFiles files, MemoryBudget budget, ScalarType type) =>
        Of(
            options,
            choice =>
                TrainingMemory.Estimate(files, options.Resolution, options.BatchSize, type, choice)
                <= budget.ForTraining
        );

    /// <param name="options">The options of the training.</param>
    /// <param name="fits">Whether a choice fits into memory.</param>
    internal static MemoryChoice Of(TrainOptions options, Func<MemoryChoice, bool> fits)
    {
        var checkpointing = options.GradientCheckpointing switch
        {
            TextualInversion.GradientCheckpointing.On => true,
            TextualInversion.GradientCheckpointing.Off => false,
            _ when options.Memory == MemoryUse.Auto => !fits(default),
            _ => options.Memory == MemoryUse.Low,
        };
        // Without checkpointing the backward pass would hold the widened weights of all layers.
        var savesWeights =
            options.Memory == MemoryUse.Low
            || (options.Memory == MemoryUse.Auto && !fits(new MemoryChoice(checkpointing, KeepsHalf: false)));
        return new MemoryChoice(checkpointing, KeepsHalf: checkpointing && savesWeights);
    }

    /// <summary>The choice that a model is set to.</summary>
    public static MemoryChoice In(IDiffusionModel model) =>
        new(model.UsesGradientCheckpointing, model.Latents.KeepsHalf);

    /// <summary>Applies the choice to a model.</summary>
    public void ApplyTo(IDiffusionModel model)
    {
        if (KeepsHalf)
            Allocator.ReturnLargeBlocks();
        (model.Latents.UsesGradientCheckpointing, model.Latents.KeepsHalf) = (GradientCheckpointing, KeepsHalf);
    }
}
