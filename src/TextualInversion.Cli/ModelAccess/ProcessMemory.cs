using System.Diagnostics;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The memory of this process.</summary>
internal static class ProcessMemory
{
    /// <summary>The most memory that this process has held, in bytes.</summary>
    public static long PeakBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
