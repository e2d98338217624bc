using TextualInversion.Cli.Infrastructure;
using TextualInversion.Native;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.DeviceList;

/// <summary>The result of <c>ti devices</c>.</summary>
/// <param name="Devices">The devices, the one that <c>auto</c> takes first.</param>
/// <param name="Libtorch">The native library that computes.</param>
/// <param name="TorchSharp">The version of TorchSharp.</param>
internal sealed record DevicesJson(IReadOnlyList<DeviceJson> Devices, LibtorchReport Libtorch, string TorchSharp)
{
    public static DevicesJson Of(IReadOnlyList<DeviceReport> devices, LibtorchReport libtorch) =>
        new([.. devices.Select(Of)], libtorch, Versions.Of(typeof(TorchSharp.torch)));

    private static DeviceJson Of(DeviceReport device) =>
        new(
            device.Name,
            device.Product,
            Known(device.Budget.TotalBytes),
            Known(device.Budget.FreeBytes),
            device.ComputeCapability?.ToString(2),
            device.Precision,
            [.. PublishedModel.All.Where(model => model.NeedsCheckpointing(device)).Select(model => model.Name)]
        );

    private static long? Known(long bytes) => bytes == long.MaxValue ? null : bytes;
}

/// <param name="Name">The name for <c>--device</c>.</param>
/// <param name="Product">The name of the product.</param>
/// <param name="TotalBytes">Its memory, or null if the driver does not report it.</param>
/// <param name="FreeBytes">Its free memory, or null if the driver does not report it.</param>
/// <param name="ComputeCapability">The generation of a CUDA device; null for others.</param>
/// <param name="Precision">The choice of <c>--precision auto</c>.</param>
/// <param name="CheckpointedModels">The published models that <c>ti train</c> would train with gradient checkpointing
/// there, with the default options.</param>
internal sealed record DeviceJson(
    string Name,
    string Product,
    long? TotalBytes,
    long? FreeBytes,
    string? ComputeCapability,
    Precision Precision,
    IReadOnlyList<string> CheckpointedModels
);
