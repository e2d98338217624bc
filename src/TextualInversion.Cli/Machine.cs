using System.Diagnostics;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.Commands;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Cli;

/// <summary>What every command that runs a model does with it.</summary>
internal static class Machine
{
    private const string SchedulerFile = "scheduler/scheduler_config.json";

    /// <exception cref="TextualInversionException">There is no such device, or a file of the model is missing, truncated or another's.</exception>
    public static IDiffusionModel Open(IModelFiles files, string device, Precision precision, bool gradientCheckpointing = false) =>
        DiffusionModel.Open(files, Devices.Find(device), precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32, gradientCheckpointing);

    /// <exception cref="TextualInversionException">The file is missing or malformed.</exception>
    public static SchedulerConfig Scheduler(IModelFiles files) => SchedulerConfig.Parse(files.ReadText(SchedulerFile), files.Full(SchedulerFile));

    /// <summary>The most memory that this process has held, in bytes.</summary>
    public static long PeakMemoryBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
