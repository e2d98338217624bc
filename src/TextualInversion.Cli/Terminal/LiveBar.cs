using Spectre.Console;

namespace TextualInversion.Cli.Terminal;

/// <summary>A bar on a terminal, which is drawn anew as it moves.</summary>
internal sealed class LiveBar : IDisposable
{
    private const int Narrow = 60; // columns, in which the words alone have room

    private readonly IAnsiConsole console;
    private readonly TaskCompletionSource finished = new();
    private readonly Task drawing;
    private readonly ProgressTask task;

    /// <param name="console">the terminal</param>
    /// <param name="text">beside the bar, until it first moves; not empty, which Spectre.Console refuses</param>
    public LiveBar(IAnsiConsole console, string text)
    {
        this.console = console;
        var words = new TaskDescriptionColumn { Alignment = Justify.Left };
        var started = new TaskCompletionSource<ProgressTask>();
        drawing = console
            .Progress()
            .Columns(
                console.Profile.Width < Narrow ? [words] : [new ProgressBarColumn(), new PercentageColumn(), words]
            )
            .StartAsync(async context =>
            {
                started.SetResult(context.AddTask(Markup.Escape(text)));
                await finished.Task;
            });
        if (Task.WaitAny(started.Task, drawing) == 1)
            drawing.GetAwaiter().GetResult(); // it ended before it began: why
        task = started.Task.Result;
    }

    public void Show(double done, double total, string text)
    {
        task.MaxValue = total;
        task.Value = done;
        task.Description = Markup.Escape(text);
    }

    /// <summary>Says something above the bar.</summary>
    public void Info(string text) => console.WriteLine(text);

    public void Dispose()
    {
        finished.TrySetResult();
        drawing.Wait();
    }
}
