using System.Collections.Concurrent;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Training;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// Trains the cells of a sweep that are missing, one after another or several at once. A failed cell does not stop the
/// others.
/// </summary>
/// <param name="runner">Trains a cell.</param>
/// <param name="folder">The sweep's folder.</param>
/// <param name="messages">Receives the progress.</param>
internal sealed class SweepWorker(ICellRunner runner, SweepFolder folder, ConsoleLog messages)
{
    private ModelsInUse? models; // if several cells are trained at once on claims
    private readonly ConcurrentQueue<(string Cell, string Problem)> failures = [];

    /// <summary>The cells that failed, with the reason.</summary>
    public IReadOnlyCollection<(string Cell, string Problem)> Failures => failures;

    /// <summary>Trains those of some cells that are not done.</summary>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task RunAsync(IReadOnlyList<SweepCell> cells, CancellationToken cancellationToken)
    {
        await TrainingsAtOnce.RunAsync(
            [.. cells.Index().Where(pair => folder.StateOf(pair.Item) != CellState.Done)],
            pair => runner.KindOf(pair.Item),
            pair => runner.CountAtOnceAsync(pair.Item, cancellationToken),
            async (pair, _, member) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                messages.Info($"cell {pair.Index + 1} of {cells.Count}: {pair.Item.Name}");
                await TrainAsync(pair.Item, member, cancellationToken);
            },
            messages
        );
    }

    /// <summary>
    /// The same as <see cref="RunClaimedAsync"/>, with as many claims at once as cells share a U-Net batch.
    /// </summary>
    /// <param name="cells">The cells of the sweep.</param>
    /// <param name="newBoard">Where workers claim cells, with another worker's name each time.</param>
    /// <param name="pause">The time between looks at the cells of others.</param>
    /// <param name="cancellationToken">Cancels the cells at hand, which keep what was learned.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task RunClaimedAtOnceAsync(
        IReadOnlyList<SweepCell> cells,
        Func<ClaimBoard> newBoard,
        TimeSpan pause,
        CancellationToken cancellationToken
    )
    {
        var first = cells.FirstOrDefault(cell => folder.StateOf(cell) != CellState.Done);
        var count = first is null ? 1 : await runner.CountAtOnceAsync(first, cancellationToken);
        if (count == 1)
        {
            await RunClaimedAsync(cells, newBoard(), pause, cancellationToken);
            return;
        }

        using var all = TrainingsAtOnce.Share(messages);
        models = new ModelsInUse(all);
        await Task.WhenAll(
            Enumerable
                .Range(0, count)
                .Select(_ =>
                    Task.Run(() => RunClaimedAsync(cells, newBoard(), pause, cancellationToken), CancellationToken.None)
                )
        );
    }

    /// <summary>
    /// Claims and trains cells until all are done or have failed, by this worker or by others. A cell that had failed
    /// before this worker began is tried once again, by whichever worker claims it first.
    /// </summary>
    /// <param name="cells">The cells of the sweep.</param>
    /// <param name="board">Where workers claim cells.</param>
    /// <param name="pause">The time between looks at the cells of others.</param>
    /// <param name="cancellationToken">Cancels the cell at hand, which keeps what was learned.</param>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task RunClaimedAsync(
        IReadOnlyList<SweepCell> cells,
        ClaimBoard board,
        TimeSpan pause,
        CancellationToken cancellationToken
    )
    {
        var failures = cells
            .Where(cell => folder.StateOf(cell) == CellState.Failed)
            .ToDictionary(cell => cell.Name, cell => board.FailuresOf(cell.Name));
        var start = cells.Count == 0 ? 0 : Random.Shared.Next(cells.Count); // so that workers meet rarely
        List<SweepCell> open = [.. cells.Skip(start), .. cells.Take(start)];
        while (open.Count > 0)
        {
            var waiting = new List<SweepCell>();
            foreach (var cell in open)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!await TryAsync(cell, failures, board, cancellationToken))
                    waiting.Add(cell);
            }

            if (waiting.Count == open.Count)
                await Task.Delay(pause, cancellationToken);
            open = waiting;
        }
    }

    /// <summary>Says which cells failed, and why.</summary>
    public void ReportFailures()
    {
        if (failures.IsEmpty)
            return;
        var table = new PlainTable { Indent = 2 }
            .AddColumn(wraps: false)
            .AddColumn();
        foreach (var (cell, problem) in failures)
            table.AddRow(cell, problem);
        messages.Error.WriteLine($"error: {Plural.Of(failures.Count, "cell")} failed:");
        table.Write(messages.Error);
        messages.Error.WriteLine("Run the same command again to try them again; the others are kept.");
    }

    /// <param name="cell">The cell.</param>
    /// <param name="failures">How often each cell that may be tried again had failed when this worker began.</param>
    /// <param name="board">Where workers claim cells.</param>
    /// <param name="cancellationToken">Cancels the training.</param>
    /// <returns>Whether the cell is over; otherwise another worker has it.</returns>
    private async Task<bool> TryAsync(
        SweepCell cell,
        Dictionary<string, int> failures,
        ClaimBoard board,
        CancellationToken cancellationToken
    )
    {
        if (IsOver())
            return true;
        using var seat = models?.TryTake(runner.KindOf(cell));
        if (models is not null && seat is null)
            return false; // later: cells of another model are being trained
        using var claim = board.TryClaim(cell.Name);
        if (claim is null)
            return false;
        if (IsOver()) // by another worker, since
        {
            if (folder.StateOf(cell) == CellState.Done)
                claim.Finish();
            return true;
        }

        failures.Remove(cell.Name); // this worker tries it once, also if its failure cannot be written down
        messages.Info($"cell {cell.Name}");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Lost);
        try
        {
            if (await TrainSeatedAsync(cell, seat, either.Token))
                claim.Finish();
            else
                claim.Fail();
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            messages.Warn($"{cell.Name}: another worker took it over, since this one was late");
            return false;
        }

        bool IsOver() =>
            folder.StateOf(cell) switch
            {
                CellState.Done => true,
                CellState.Failed => !failures.TryGetValue(cell.Name, out var then)
                    || board.FailuresOf(cell.Name) > then,
                _ => false,
            };
    }

    /// <returns>Whether it is done.</returns>
    private async Task<bool> TrainSeatedAsync(
        SweepCell cell,
        ModelsInUse.Seat? seat,
        CancellationToken cancellationToken
    )
    {
        if (seat?.Join() is not { } member)
            return await TrainAsync(cell, member: null, cancellationToken);
        var isDone = false;
        await member.RunAsync(async () => isDone = await TrainAsync(cell, member, cancellationToken));
        return isDone;
    }

    /// <returns>Whether it is done.</returns>
    private async Task<bool> TrainAsync(
        SweepCell cell,
        ConceptsAtOnce.Member? member,
        CancellationToken cancellationToken
    )
    {
        member?.Name = cell.Name;
        if (await runner.RunAsync(cell, member, cancellationToken) is not { } problem)
            return true;
        failures.Enqueue((cell.Name, problem));
        messages.Warn($"{cell.Name}: {problem}");
        return false;
    }
}
