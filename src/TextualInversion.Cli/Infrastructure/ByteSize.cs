using System.Globalization;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Bytes as people read them, in decimal units as disks and hubs count.</summary>
internal static class ByteSize
{
    public static string Format(long bytes) =>
        bytes switch
        {
            >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB"),
            >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        };
}
