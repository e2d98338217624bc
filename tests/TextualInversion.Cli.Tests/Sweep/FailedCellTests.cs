using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary>How often workers that claim cells try one that fails.</summary>
public sealed class FailedCellTests : IDisposable
{
    private const string Cell = "cell-1";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly SweepTestFolder folder = new();
    private readonly IReadOnlyList<SweepCell> cells;

    public FailedCellTests() => cells = folder.Plan(3);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task RunClaimed_CellThatFails_IsTriedOnceByAWorkerAndAgainByALaterOne()
    {
        var runner = new PausingRunner(folder.Sweep) { Failing = Cell };

        for (var number = 1; number <= 3; number++)
        {
            var worker = Worker(runner);
            await worker.RunClaimedAsync(cells, Board($"w{number}"), TimeSpan.Zero, CancellationToken.None);
            Assert.Equal([Cell], worker.Failures.Select(failure => failure.Cell));
            Assert.Equal(number, runner.Trained[Cell]);
        }

        Assert.Equal(1, runner.Trained["cell-0"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunClaimed_CellFailedBefore_IsTriedOnceByAllWorkersTogether(bool isClaimed)
    {
        await FailAsync(isClaimed);
        TaskCompletionSource begun = new(),
            gate = new();
        var runner = new PausingRunner(folder.Sweep)
        {
            Failing = Cell,
            Wait = _ =>
            {
                begun.TrySetResult();
                return gate.Task;
            },
        };
        IReadOnlyList<SweepCell> open = [cells[1]];

        var first = Worker(runner).RunClaimedAsync(open, Board("a"), Pause, CancellationToken.None);
        await begun.Task;
        // They have seen the failure of before, and wait for the first one.
        var others = Enumerable
            .Range(0, 5)
            .Select(n => Worker(runner).RunClaimedAsync(open, Board($"b{n}"), Pause, CancellationToken.None))
            .ToList();
        gate.SetResult();
        await Task.WhenAll([first, .. others]);

        Assert.Equal(1, runner.Trained[Cell]);
    }

    [Fact]
    public async Task RunClaimed_RetryIsCanceled_IsContinuedByAnother()
    {
        await FailAsync(isClaimed: true);
        using var cancellation = new CancellationTokenSource();
        var begun = new TaskCompletionSource();
        var runner = new PausingRunner(folder.Sweep)
        {
            Wait = token =>
            {
                begun.TrySetResult();
                return Task.Delay(Timeout.Infinite, token);
            },
        };
        IReadOnlyList<SweepCell> open = [cells[1]];
        var first = Worker(runner).RunClaimedAsync(open, Board("a"), Pause, cancellation.Token);
        await begun.Task;
        var next = new PausingRunner(folder.Sweep);
        var second = Worker(next).RunClaimedAsync(open, Board("b"), Pause, CancellationToken.None);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await second;

        Assert.Equal(1, next.Trained[Cell]);
        Assert.Equal(CellState.Done, folder.Sweep.StateOf(Cell));
    }

    private async Task FailAsync(bool isClaimed)
    {
        if (isClaimed)
            await Worker(new PausingRunner(folder.Sweep) { Failing = Cell })
                .RunClaimedAsync([cells[1]], Board("before"), TimeSpan.Zero, CancellationToken.None);
        else
            folder.Sweep.SetError(Cell, "broken");
        Assert.Equal(CellState.Failed, folder.Sweep.StateOf(Cell));
    }

    private SweepWorker Worker(PausingRunner runner) =>
        new(runner, folder.Sweep, new ConsoleLog(TextWriter.Null, quiet: true));

    private ClaimBoard Board(string worker) => new(folder.Sweep.ClaimsPath, worker, TimeProvider.System);
}
