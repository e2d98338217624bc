using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Training.Estimates;

/// <summary>The memory that a training needs, and the memory that there is.</summary>
/// <param name="EstimatedBytes">The need without gradient checkpointing, an estimate.</param>
/// <param name="AvailableBytes">The memory of the system or container, or the free memory of the GPU.</param>
internal sealed record MemoryBudget(long EstimatedBytes, long AvailableBytes)
{
    private const double ShareOfMemory = 0.8; // the rest is for the images, the system and the error of the estimate
    private const long AssumedOfGpu = 12L << 30; // if the driver does not say
    private const string KernelReport = "/proc/meminfo"; // proc_meminfo(5)

    /// <summary>Whether the training fits without gradient checkpointing.</summary>
    public bool Fits => EstimatedBytes <= AvailableBytes * ShareOfMemory;

    /// <param name="files">The model.</param>
    /// <param name="device">The device to train on.</param>
    /// <param name="type">The data type in which the U-Net computes.</param>
    /// <param name="options">The batch size and the resolution.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing or malformed.</exception>
    public static MemoryBudget OfTraining(IModelFiles files, Device device, ScalarType type, TrainOptions options) =>
        new(TrainingMemory.Estimate(files, options.Resolution, options.BatchSize, type), TotalBytes(device));

    /// <summary>
    /// Whether a training uses gradient checkpointing: as the option says, and for auto if it does not fit without.
    /// </summary>
    /// <param name="option">The option.</param>
    /// <param name="budget">Estimates the memory, for auto.</param>
    public static bool UsesCheckpointing(GradientCheckpointing option, Func<MemoryBudget> budget) =>
        option switch
        {
            GradientCheckpointing.On => true,
            GradientCheckpointing.Off => false,
            GradientCheckpointing.Auto => !budget().Fits,
            _ => throw new ArgumentOutOfRangeException(nameof(option)),
        };

    /// <summary>The memory that is free to compute with, in bytes, an estimate.</summary>
    public static long FreeBytes(Device device)
    {
        var total = TotalBytes(device);
        if (device.type != DeviceType.CPU || !File.Exists(KernelReport))
            return total;
        return Math.Min(total, AvailableOf(File.ReadLines(KernelReport)) ?? total);
    }

    /// <summary>MemAvailable of the kernel's report, in bytes, or null if the report does not hold it.</summary>
    internal static long? AvailableOf(IEnumerable<string> lines)
    {
        var words = lines
            .FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            ?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
            words is [_, var number, "kB"]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes)
            ? kibibytes << 10
            : null;
    }

    // Of the CPU it is the limit of the container, if it runs in one.
    private static long TotalBytes(Device device) =>
        device.type == DeviceType.CPU
            ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
            : CudaMemory.Free(device.index) ?? AssumedOfGpu;
}
