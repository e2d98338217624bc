using System.Globalization;

namespace TextualInversion.Native;

/// <summary>A limit of the process's address space, as <c>ulimit -v</c> sets it. Linux only.</summary>
/// <param name="Bytes">The limit.</param>
/// <param name="LeftBytes">What is not used of it, at least 0.</param>
internal sealed record AddressLimit(long Bytes, long LeftBytes)
{
    private const string Limits = "/proc/self/limits", // proc_pid_limits(5)
        Usage = "/proc/self/statm"; // proc_pid_statm(5)

    /// <summary>What to do where memory ran out, with a space before it; empty without a limit.</summary>
    public static string Advice =>
        OfThisProcess() is { } limit
            ? string.Create(
                CultureInfo.InvariantCulture,
                $" The address space is limited to {limit.Bytes / (double)(1 << 30):F1} GiB (ulimit -v), more than "
                    + $"half of which .NET reserves and never uses: raise that limit, or limit memory by a cgroup."
            )
            : "";

    /// <summary>The limit of this process, or null if there is none.</summary>
    public static AddressLimit? OfThisProcess() =>
        File.Exists(Limits) && File.Exists(Usage)
            ? Of(File.ReadLines(Limits), File.ReadAllText(Usage), Environment.SystemPageSize)
            : null;

    /// <param name="limits">The kernel's report of a process's limits.</param>
    /// <param name="usage">The kernel's report of its pages, whose first number is all pages.</param>
    /// <param name="pageSize">The size of a page in bytes.</param>
    /// <returns>Null if there is no limit or the reports do not hold it.</returns>
    internal static AddressLimit? Of(IEnumerable<string> limits, string usage, int pageSize)
    {
        const string name = "Max address space";
        var line = limits.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return TryParse(line?[name.Length..].TrimStart(), out var bytes) && TryParse(usage, out var pages)
            ? new AddressLimit(bytes, Math.Max(bytes - (pages * pageSize), 0))
            : null;

        static bool TryParse(string? text, out long number) =>
            long.TryParse(text?.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
