using System.Globalization;

namespace TextualInversion.Cli.Terminal;

/// <summary>
/// Progress: a bar with rate and time left on a terminal, a plain line every few seconds elsewhere, nothing with
/// <c>--quiet</c>.
/// </summary>
internal sealed class ProgressDisplay : IDisposable
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5),
        SmallestPace = TimeSpan.FromSeconds(1); // before that, a rate says nothing

    private readonly TextWriter error;
    private readonly bool quiet;
    private readonly string unit,
        units;
    private readonly double scale; // counts in a unit
    private readonly TimeProvider time;
    private readonly long begin;
    private readonly LiveBar? bar;
    private long alreadyDone; // before the clock started
    private TimeSpan lastLine;
    private bool isFirst = true;

    /// <param name="error">Receives plain lines; a bar is only shown if this is the terminal itself.</param>
    /// <param name="quiet">Whether to show nothing.</param>
    /// <param name="unit">The unit that is counted, in the singular.</param>
    /// <param name="time">The clock. Default: the system's.</param>
    public ProgressDisplay(TextWriter error, bool quiet, string unit, TimeProvider? time = null)
        : this(error, quiet, unit, unit + "s", scale: 1, time) { }

    private ProgressDisplay(
        TextWriter error,
        bool quiet,
        string unit,
        string units,
        double scale,
        TimeProvider? time = null
    )
    {
        this.time = time ?? TimeProvider.System;
        begin = this.time.GetTimestamp();
        this.error = error;
        this.quiet = quiet;
        this.unit = unit;
        this.units = units;
        this.scale = scale;
        if (!quiet && error == Console.Error && TerminalWidth.OfError() is not null)
            bar = new LiveBar(error, () => TerminalWidth.OfError() ?? TerminalWidth.Assumed);
    }

    /// <summary>Whether progress is shown as a bar, which leaves no lines.</summary>
    public bool ShowsBar => bar is not null;

    /// <summary>Progress in megabytes, of which some were done before the clock started.</summary>
    public static ProgressDisplay OfBytes(TextWriter error, bool quiet, long alreadyDone) =>
        new(error, quiet, "MB", "MB", scale: 1e6) { alreadyDone = alreadyDone };

    /// <summary>Leaves out of the rate what was done before the clock started, as of a run that is resumed.</summary>
    public void StartFrom(long done) => alreadyDone = done;

    /// <summary>Shows that <paramref name="done"/> of <paramref name="total"/> are done.</summary>
    public void Show(long done, long total, string detail)
    {
        if (quiet)
            return;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{unit} {done / scale:F0}/{total / scale:F0}{detail}{Pace(done, total)}"
        );
        if (bar is not null)
        {
            bar.Show(done, total, text);
        }
        else if (isFirst || done == total || Elapsed - lastLine >= LineInterval)
        {
            (isFirst, lastLine) = (false, Elapsed);
            error.WriteLine(text);
        }
    }

    /// <summary>Writes a line above the bar if there is one.</summary>
    public void Info(string text)
    {
        if (quiet)
            return;
        if (bar is not null)
            bar.Info(text);
        else
            error.WriteLine(text);
    }

    public void Dispose() => bar?.Dispose();

    private TimeSpan Elapsed => time.GetElapsedTime(begin);

    private string Pace(long done, long total)
    {
        var rate = (done - alreadyDone) / scale / Math.Max(Elapsed.TotalSeconds, 1e-9);
        if (rate <= 0 || Elapsed < SmallestPace)
            return "";
        var left = TimeSpan.FromSeconds(Math.Min((total - done) / scale / rate, TimeSpan.MaxValue.TotalSeconds / 2));
        var speed =
            rate >= 1
                ? string.Create(CultureInfo.InvariantCulture, $"{rate:F1} {units}/s")
                : string.Create(CultureInfo.InvariantCulture, $"{1 / rate:F1} s/{unit}");
        return string.Create(CultureInfo.InvariantCulture, $"  {speed}  {left:h\\:mm\\:ss} left");
    }
}
