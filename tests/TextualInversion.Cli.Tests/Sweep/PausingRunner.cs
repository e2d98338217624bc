using System.Collections.Concurrent;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Training;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary>In place of a training: writes the files by which a cell is done, after a pause.</summary>
internal sealed class PausingRunner(SweepFolder folder) : ICellRunner
{
    private const string Record = """{"end": "completed", "result": {"validation": {"relativeLoss": 0.75}}}""";

    /// <summary>How often each cell was begun.</summary>
    public ConcurrentDictionary<string, int> Trained { get; } = [];

    /// <summary>A cell that fails.</summary>
    public string? Failing { get; init; }

    /// <summary>Waits, if it is given, instead of a millisecond.</summary>
    public Func<CancellationToken, Task>? Wait { get; init; }

    public object KindOf(SweepCell cell) => "";

    public Task<int> CountAtOnceAsync(SweepCell cell, CancellationToken cancellationToken) => Task.FromResult(1);

    public async Task<string?> RunAsync(
        SweepCell cell,
        ConceptsAtOnce.Member? member,
        CancellationToken cancellationToken
    )
    {
        Trained.AddOrUpdate(cell.Name, 1, (_, count) => count + 1);
        await (Wait?.Invoke(cancellationToken) ?? Task.Delay(1, cancellationToken));
        if (cell.Name == Failing)
        {
            folder.SetError(cell.Name, "broken");
            return "broken";
        }

        var run = folder.RunOf(cell.Name);
        Directory.CreateDirectory(run);
        await File.WriteAllTextAsync(Path.Combine(run, "report.html"), "", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(run, "run.json"), Record, cancellationToken);
        return null;
    }
}
