using System.Globalization;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.DeviceList;

/// <summary>The result of <c>ti devices</c> as text.</summary>
internal static class DevicesTable
{
    private const double Gib = 1L << 30;

    private static readonly string[] Headings =
    [
        "device",
        "name",
        "memory",
        "free",
        "capability",
        "precision",
        "checkpointing",
    ];

    public static void Write(TextWriter output, DevicesJson report)
    {
        var table = new PlainTable();
        foreach (var heading in Headings)
            table.AddColumn(heading, wraps: heading == "name");
        foreach (var device in report.Devices)
            table.AddRow(
                device.Name,
                device.Product,
                Size(device.TotalBytes),
                Size(device.FreeBytes),
                device.ComputeCapability ?? "",
                device.Precision.ToString().ToLowerInvariant(),
                device.CheckpointedModels.Count == 0 ? "off" : $"on for {string.Join(", ", device.CheckpointedModels)}"
            );
        table.Write(output);
        output.WriteLine();
        output.WriteLine(
            $"--device auto chooses {report.Devices[0].Name}. The last two columns show what --precision auto and "
                + "--gradient-checkpointing auto choose, with the other options at their defaults."
        );
        output.WriteLine(
            $"libtorch {report.Libtorch.Version ?? "of unknown version"} from "
                + $"{report.Libtorch.Folder ?? "TorchSharp's search"}, TorchSharp {report.TorchSharp}"
        );
    }

    private static string Size(long? bytes) =>
        bytes is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known / Gib:F1} GiB") : "unknown";
}
