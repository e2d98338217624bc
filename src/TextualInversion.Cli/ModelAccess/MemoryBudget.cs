using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Native;
using TextualInversion.Training.Estimates;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.ModelAccess;

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

    /// <exception cref="TextualInversionException">The device does not exist, or a file of the model is missing or
    /// malformed.</exception>
    public static MemoryBudget OfTraining(IModelFiles files, string device, Precision precision, TrainOptions options)
    {
        var type = ModelLoader.TypeOf(precision);
        var needed = TrainingMemory.Estimate(files, options.Resolution, options.BatchSize, type);
        return new MemoryBudget(needed, TotalBytes(Devices.Find(device)));
    }

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
