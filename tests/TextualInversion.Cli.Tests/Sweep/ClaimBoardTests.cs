using System.Diagnostics;
using TextualInversion.Cli.Sweep.Results;
using TextualInversion.Cli.Sweep.Work;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary>Workers that claim cells in a folder.</summary>
public sealed class ClaimBoardTests : IDisposable
{
    private const int Cells = 1000,
        Workers = 64;

    private readonly SweepTestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void TryClaim_HeldByAnother_IsRefusedUntilItIsGivenUp()
    {
        var (first, second) = (Board("a"), Board("b"));

        using (var claim = first.TryClaim("cell"))
        {
            Assert.NotNull(claim);
            Assert.Null(second.TryClaim("cell"));
            Assert.Equal("a", ClaimBoard.HolderOf(folder.Sweep.ClaimsPath, "cell")?.Beat.Worker);
        }

        Assert.Null(ClaimBoard.HolderOf(folder.Sweep.ClaimsPath, "cell"));
        using var next = second.TryClaim("cell");
        Assert.NotNull(next);
        Assert.Null(first.TryClaim("cell"));
    }

    [Fact]
    public void TryClaim_HeartbeatThatStandsStill_IsTakenOverByOneAndTheLateWorkerLosesIt()
    {
        var time = new ManualTime();
        ClaimBoard late = Board("late", TimeSpan.FromHours(1)),
            second = Board("b", time: time),
            third = Board("c", time: time);
        using var claim = late.TryClaim("cell"); // its next heartbeat is minutes away
        Assert.Null(second.TryClaim("cell"));
        Assert.Null(third.TryClaim("cell"));
        time.Add(TimeSpan.FromSeconds(89));
        Assert.Null(second.TryClaim("cell"));

        time.Add(TimeSpan.FromSeconds(2));
        using var taken = second.TryClaim("cell");

        Assert.NotNull(taken);
        Assert.Null(third.TryClaim("cell"));
        Assert.Equal("b", ClaimBoard.HolderOf(folder.Sweep.ClaimsPath, "cell")?.Beat.Worker);
    }

    [Fact]
    public async Task Lost_AnotherWorkerTookTheCell_IsCanceled()
    {
        using var claim = Board("late", TimeSpan.FromSeconds(0.3)).TryClaim("cell");
        var lost = new TaskCompletionSource();
        await using var registration = claim!.Lost.Register(lost.SetResult);

        Directory.CreateDirectory(Path.Combine(folder.Sweep.ClaimsPath, "cell.2"));

        await lost.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void TryClaim_ClaimWithoutHeartbeat_IsTakenOverWhenItIsStale()
    {
        Directory.CreateDirectory(Path.Combine(folder.Sweep.ClaimsPath, "cell.1"));
        var time = new ManualTime();
        var board = Board("b", time: time);

        Assert.Null(board.TryClaim("cell"));
        time.Add(TimeSpan.FromSeconds(91));
        using var taken = board.TryClaim("cell");
        Assert.NotNull(taken);
    }

    [Fact]
    public void RequireExclusion_FolderOfThisMachine_LeavesNothing()
    {
        Board("a").RequireExclusion();

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Sweep.ClaimsPath));
    }

    [Fact]
    public void RequireExclusion_ShareThatCannotMoveFolders_IsRefused()
    {
        var board = Board("a", move: (_, _) => throw new IOException("Operation not supported : '/share/x'"));

        var error = Assert.Throws<TextualInversionException>(board.RequireExclusion);

        Assert.Contains("cannot claim cells on this file system (Operation not supported)", error.Message);
        Assert.Contains("--shard", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Sweep.ClaimsPath));
    }

    [Fact]
    public void RequireExclusion_ShareThatReplacesFolders_IsRefused()
    {
        var board = Board("a", move: Replace);

        var error = Assert.Throws<TextualInversionException>(board.RequireExclusion);

        Assert.Contains("two processes can have the same claim here", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Sweep.ClaimsPath));

        static void Replace(string from, string to)
        {
            if (Directory.Exists(to))
                Directory.Delete(to, recursive: true);
            Directory.Move(from, to);
        }
    }

    /// <summary>1,000 cells and 64 workers on one folder, where a training is a pause of a millisecond.</summary>
    [Fact]
    [Trait("Category", "EndToEnd")] // it writes thousands of files
    public async Task RunClaimed_ManyWorkers_TrainEachCellOnceAndNoneIsMissing()
    {
        var cells = folder.Plan(Cells);
        var runner = new PausingRunner(folder.Sweep);

        var done = await Task.WhenAll(Enumerable.Range(0, Workers).Select(number => Task.Run(() => RunAsync(number))));

        Assert.Equal(Workers, done.Length);
        Assert.Equal(Cells, runner.Trained.Count);
        Assert.All(runner.Trained, pair => Assert.Equal(1, pair.Value));
        var status = SweepStatus.Read(folder.Sweep);
        Assert.Equal((Cells, 0, 0, 0), (status.Done, status.Started, status.Waiting, status.Failed));
        Assert.All(status.Cells, cell => Assert.Equal(0.25, cell.Score));
        Assert.True(FastestStatus() < TimeSpan.FromSeconds(1));

        // Of five, since other tests run at the same time. It takes about a tenth of that.
        TimeSpan FastestStatus() =>
            Enumerable
                .Range(0, 5)
                .Min(_ =>
                {
                    var start = Stopwatch.GetTimestamp();
                    SweepStatus.Read(folder.Sweep);
                    return Stopwatch.GetElapsedTime(start);
                });

        async Task<int> RunAsync(int number)
        {
            var worker = new SweepWorker(runner, folder.Sweep, new ConsoleLog(TextWriter.Null, quiet: true));
            var board = Board($"worker-{number}");
            await worker.RunClaimedAsync(cells, board, TimeSpan.FromMilliseconds(5), CancellationToken.None);
            return worker.Failures.Count;
        }
    }

    private ClaimBoard Board(
        string worker,
        TimeSpan? staleAfter = null,
        TimeProvider? time = null,
        Action<string, string>? move = null
    ) =>
        new(folder.Sweep.ClaimsPath, worker, time ?? TimeProvider.System)
        {
            StaleAfter = staleAfter ?? TimeSpan.FromSeconds(90),
            Move = move ?? Directory.Move,
        };

    private sealed class ManualTime : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Add(TimeSpan time) => ticks += time.Ticks;
    }
}
