using System.Diagnostics;
using System.Globalization;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// The number of damaged files read so far, the file being read, and the cost. A file that takes too long ends the
/// process with its seed.
/// </summary>
internal sealed class FuzzRun : IDisposable
{
    private const int WarmUp = 2000; // files until code is compiled and pools are filled

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string container;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Timer watchdog;
    private readonly int first;
    private long began,
        bytes,
        restingMemory;
    private int read;

    public FuzzRun(string container, int first)
    {
        this.container = container;
        this.first = first;
        watchdog = new Timer(_ => Watch(), null, Patience / 4, Patience / 4);
    }

    public int Files { get; private set; }

    public double Seconds => clock.Elapsed.TotalSeconds;

    /// <summary>The name of the current file in messages.</summary>
    public string What => string.Create(CultureInfo.InvariantCulture, $"{container}, TI_FUZZ_SEED={first + Files}");

    /// <summary>
    /// The peak growth of the process in bytes since the first files; 0 if the system does not report it.
    /// </summary>
    public long PeakGrowth => restingMemory == 0 ? 0 : Status("VmHWM:") - restingMemory;

    /// <summary>Begins with the next file.</summary>
    /// <returns>The file's seed.</returns>
    public int Begin()
    {
        Volatile.Write(ref began, Stopwatch.GetTimestamp());
        return first + Files;
    }

    public void End(int length, bool wasRead)
    {
        bytes += length;
        if (wasRead)
            read++;
        if (++Files != WarmUp || !File.Exists("/proc/self/clear_refs"))
            return;
        File.WriteAllText("/proc/self/clear_refs", "5"); // resets the peak
        restingMemory = Status("VmRSS:");
    }

    public void Dispose() => watchdog.Dispose();

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{container}: {Files:N0} files of {bytes / Math.Max(Files, 1):N0} bytes, {read:N0} read and "
                + $"{Files - read:N0} refused, {Files / Seconds:N0} a second, seeds {first} to {first + Files - 1}, "
                + $"the process grew by {PeakGrowth >> 20} MiB at most"
        );

    private static long Status(string key) =>
        File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))
            is { } line
            ? long.Parse(line[key.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
                * 1024
            : 0;

    private void Watch()
    {
        if (Volatile.Read(ref began) is not 0 and var time && Stopwatch.GetElapsedTime(time) > Patience)
            Environment.FailFast($"{What} takes longer than {Patience}");
    }
}
