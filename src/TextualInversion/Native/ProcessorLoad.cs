using System.Globalization;

namespace TextualInversion.Native;

/// <summary>How busy the machine's processors were until a moment, as Linux counts it (proc_stat(5)).</summary>
/// <param name="Processors">The number of processors of the machine.</param>
/// <param name="BusyTicks">The time that all of them worked, in ticks.</param>
/// <param name="AllTicks">The time that all of them worked or idled, in ticks.</param>
/// <param name="OwnTicks">The time that this process worked, in ticks.</param>
internal sealed record ProcessorLoad(int Processors, long BusyTicks, long AllTicks, double OwnTicks)
{
    private const string KernelReport = "/proc/stat";

    // The unit of the kernel's report (USER_HZ), 100 on all of Linux's processors that .NET supports.
    private const double TicksPerSecond = 100;

    private const string Sum = "cpu ";

    /// <summary>The load until now, or null where the kernel does not report it.</summary>
    public static ProcessorLoad? Read() =>
        File.Exists(KernelReport)
            ? Parse(File.ReadLines(KernelReport), Environment.CpuUsage.TotalTime.TotalSeconds * TicksPerSecond)
            : null;

    /// <param name="lines">The lines of /proc/stat.</param>
    /// <param name="ownTicks">The time that this process worked, in ticks.</param>
    public static ProcessorLoad? Parse(IEnumerable<string> lines, double ownTicks)
    {
        var processors = lines.TakeWhile(line => line.StartsWith("cpu", StringComparison.Ordinal)).ToList();
        if (processors.Count < 2 || !processors[0].StartsWith(Sum, StringComparison.Ordinal))
            return null;
        // user, nice, system, idle, iowait, irq, softirq; what follows is counted in these or is not this machine's.
        var ticks = new List<long>();
        foreach (var word in processors[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(7))
        {
            if (!long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return null;
            ticks.Add(number);
        }

        return ticks.Count == 7
            ? new ProcessorLoad(processors.Count - 1, ticks.Sum() - ticks[3] - ticks[4], ticks.Sum(), ownTicks)
            : null;
    }

    /// <summary>How many processors other processes kept busy since an earlier moment, on average.</summary>
    public double OfOthersSince(ProcessorLoad before)
    {
        var all = AllTicks - before.AllTicks;
        var others = BusyTicks - before.BusyTicks - (OwnTicks - before.OwnTicks);
        return all <= 0 ? 0 : Math.Max(0, others) / all * Processors;
    }
}
