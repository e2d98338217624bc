using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// Tells the processes of this machine apart, also those that had the same number one after another: by the time at
/// which they started.
/// </summary>
internal static class RunningProcess
{
    private const int StartField = 22; // of proc_pid_stat(5), counted from 1
    private static readonly bool IsLinux = OperatingSystem.IsLinux();

    // Linux counts ticks since the boot. Others know the time of day, which may be set meanwhile.
    private static readonly long Tolerance = IsLinux ? 0 : 10_000;

    /// <summary>When this process started, see <see cref="IsAlive"/>; null if the system does not say it.</summary>
    public static long? OwnStart { get; } = Find(Environment.ProcessId)?.Start;

    /// <summary>Whether a process runs.</summary>
    /// <param name="id">The process.</param>
    /// <param name="start">
    /// When it started: on Linux in clock ticks since the boot, elsewhere in milliseconds since 1970. Null if that is
    /// not known; then any process of the number counts.
    /// </param>
    public static bool IsAlive(int id, long? start)
    {
        if (!Exists(id))
            return false;
        if (Find(id) is not { } now)
            return true; // it belongs to another user, and the system hides it
        return !now.HasEnded && (start is null || Math.Abs(now.Start - start.Value) <= Tolerance);
    }

    private static bool Exists(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false; // there is none of that number
        }
        catch (Win32Exception)
        {
            return true; // there is one, of another user
        }
    }

    /// <summary>What the system says about a process; null if it says nothing.</summary>
    private static (long Start, bool HasEnded)? Find(int id)
    {
        try
        {
            if (IsLinux)
                return Parse(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat")));
            using var process = Process.GetProcessById(id);
            return (new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds(), process.HasExited);
        }
        catch (Exception error)
            when (error is ArgumentException or InvalidOperationException or Win32Exception
                || IoErrors.IsFileError(error)
            )
        {
            return null;
        }
    }

    /// <summary>
    /// Reads <c>/proc/PID/stat</c>. A killed process whose parent does not ask for its exit code keeps its number (Z).
    /// </summary>
    private static (long Start, bool HasEnded)? Parse(string stat)
    {
        // The second field is the program's name in parentheses, which may hold spaces and parentheses.
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const int Before = 2; // fields that were cut off
        return
            fields.Length > StartField - Before - 1
            && long.TryParse(
                fields[StartField - Before - 1],
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var start
            )
            ? (start, fields[0] is "Z" or "X" or "x")
            : null;
    }
}
