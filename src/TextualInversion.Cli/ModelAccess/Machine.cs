using System.Diagnostics;
using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Training;
using TextualInversion.Training.Estimates;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>What every command that runs a model does with it.</summary>
internal static class Machine
{
    private const long AssumedDeviceMemory = 12L << 30;

    /// <exception cref="TextualInversionException">There is no such device, or a file of the model is missing, truncated or another's.</exception>
    public static IDiffusionModel Open(
        IModelFiles files,
        string device,
        Precision precision,
        bool gradientCheckpointing = false
    ) => DiffusionModel.Open(files, Devices.Find(device), TypeOf(precision), gradientCheckpointing);

    /// <summary>Whether a training would not fit into memory without gradient checkpointing.</summary>
    /// <exception cref="TextualInversionException">There is no such device, or a file of the model is missing or malformed.</exception>
    public static bool NeedsGradientCheckpointing(
        IModelFiles files,
        string device,
        Precision precision,
        TrainOptions options
    ) => !MemoryOf(files, device, precision, options).Fits;

    /// <summary>What a training takes and what there is.</summary>
    /// <exception cref="TextualInversionException">There is no such device, or a file of the model is missing or malformed.</exception>
    public static MemoryNeed MemoryOf(IModelFiles files, string device, Precision precision, TrainOptions options)
    {
        var available =
            Devices.Find(device).type == DeviceType.CPU
                ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes
                : AssumedDeviceMemory;
        return new MemoryNeed(
            TrainingMemory.Estimate(files, options.Resolution, options.BatchSize, TypeOf(precision)),
            available
        );
    }

    /// <summary>The most memory that this process has held, in bytes.</summary>
    public static long PeakMemoryBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    public static ScalarType TypeOf(Precision precision) =>
        precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
}
