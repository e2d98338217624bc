using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace TextualInversion.Cli.Rendering;

/// <summary>A bar with rate and time left on a terminal; elsewhere a plain line every so often; nothing with <c>--quiet</c>.</summary>
internal sealed class ProgressDisplay : IDisposable
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(5);

    private readonly TextWriter error;
    private readonly bool quiet;
    private readonly string unit;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly TaskCompletionSource finished = new();
    private readonly Task? bar;
    private ProgressTask? task;
    private TimeSpan lastLine;
    private bool isFirst = true;

    /// <param name="error">where plain lines go; a bar only shows where this is the terminal itself</param>
    /// <param name="quiet">whether to say nothing</param>
    /// <param name="unit">what is counted, in the singular</param>
    public ProgressDisplay(TextWriter error, bool quiet, string unit)
    {
        this.error = error;
        this.quiet = quiet;
        this.unit = unit;
        if (quiet || Console.IsErrorRedirected || error != Console.Error) return;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        if (!console.Profile.Capabilities.Interactive) return;
        using var ready = new ManualResetEventSlim();
        bar = console.Progress()
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .StartAsync(async context =>
            {
                task = context.AddTask("");
                ready.Set();
                await finished.Task;
            });
        ready.Wait();
    }

    /// <summary>Shows that <paramref name="done"/> of <paramref name="total"/> are done.</summary>
    public void Show(int done, int total, string detail)
    {
        if (quiet) return;
        var seconds = clock.Elapsed.TotalSeconds;
        var rate = done / Math.Max(seconds, 1e-9);
        var left = TimeSpan.FromSeconds((total - done) / rate);
        var speed = rate >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{rate:F1} {unit}s/s") : string.Create(CultureInfo.InvariantCulture, $"{1 / rate:F1} s/{unit}");
        var text = string.Create(CultureInfo.InvariantCulture, $"{unit} {done}/{total}{detail}  {speed}  {left:h\\:mm\\:ss} left");
        if (task is not null)
        {
            task.MaxValue = total;
            task.Value = done;
            task.Description = Markup.Escape(text);
        }
        else if (isFirst || done == total || clock.Elapsed - lastLine >= LineInterval)
        {
            (isFirst, lastLine) = (false, clock.Elapsed);
            error.WriteLine(text);
        }
    }

    public void Dispose()
    {
        finished.TrySetResult();
        bar?.Wait();
    }
}
