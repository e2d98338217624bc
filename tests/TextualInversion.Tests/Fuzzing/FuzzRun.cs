using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// The number of damaged files read so far, the file being read, and the cost. A file that takes too long ends the
/// process with its seed.
/// </summary>
internal sealed class FuzzRun : IDisposable
{
    /// <summary>Tests of the collection run one after another, since they measure the memory of the process.</summary>
    public const string Collection = "Fuzzing";

    private const int WarmUp = 2000; // files until code is compiled and pools are filled

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string container;
    private readonly int shortRun;
    private readonly double wantedFiles,
        wantedSeconds;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Timer watchdog;
    private readonly int first;
    private long began,
        bytes,
        restingMemory;
    private int read;

    /// <param name="container">The kind of files.</param>
    /// <param name="shortRun">
    /// How many to read, unless TI_FUZZ_FILES names another number or TI_FUZZ_SECONDS the least time.
    /// </param>
    public FuzzRun(string container, int shortRun)
    {
        this.container = container;
        this.shortRun = shortRun;
        (wantedFiles, wantedSeconds) = (Setting("TI_FUZZ_FILES", shortRun), Setting("TI_FUZZ_SECONDS", 0));
        first = (int)Setting("TI_FUZZ_SEED", 0);
        watchdog = new Timer(_ => Watch(), null, Patience / 4, Patience / 4);
    }

    public int Files { get; private set; }

    /// <summary>Whether more files are to be read.</summary>
    public bool GoesOn => Files < wantedFiles || Seconds < wantedSeconds;

    private double Seconds => clock.Elapsed.TotalSeconds;

    /// <summary>The name of the current file in messages.</summary>
    public string What => string.Create(CultureInfo.InvariantCulture, $"{container}, TI_FUZZ_SEED={first + Files}");

    /// <summary>
    /// The peak growth of the process in bytes since the first files; 0 if the system does not report it.
    /// </summary>
    private long PeakGrowth => restingMemory == 0 ? 0 : Status("VmHWM:") - restingMemory;

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

    /// <summary>
    /// Reports the run, to the file TI_FUZZ_LOG too, and checks the memory of a long one. In a short one other tests
    /// run at the same time.
    /// </summary>
    public void Finish(ITestOutputHelper output, long mostBytes)
    {
        output.WriteLine(ToString());
        if (Environment.GetEnvironmentVariable("TI_FUZZ_LOG") is { Length: > 0 } log)
            File.AppendAllText(log, ToString() + Environment.NewLine);
        if (wantedSeconds > 0 || wantedFiles > shortRun)
            Assert.True(PeakGrowth < mostBytes, $"{container}: the process grew by {PeakGrowth:N0} bytes");
    }

    public void Dispose() => watchdog.Dispose();

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{container}: {Files:N0} files of {bytes / Math.Max(Files, 1):N0} bytes, {read:N0} read and "
                + $"{Files - read:N0} refused, {Files / Seconds:N0} a second, seeds {first} to {first + Files - 1}, "
                + $"the process grew by {PeakGrowth >> 20} MiB at most"
        );

    private static double Setting(string name, double otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
            ? double.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;

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
