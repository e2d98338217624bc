using TextualInversion.IO;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>A cell that this worker has claimed. A timer writes its heartbeat until it is disposed of.</summary>
internal sealed class Claim : IDisposable
{
    private readonly string path,
        next,
        worker;
    private readonly Timer timer;
    private readonly Lock guard = new();
    private readonly CancellationTokenSource lost = new();
    private long count;
    private ClaimState state = ClaimState.GivenUp; // what the last heartbeat says
    private bool isOver;

    /// <param name="path">The claim's folder.</param>
    /// <param name="next">The folder of the claim after it. If another worker makes it, this claim is lost.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="interval">The time between heartbeats.</param>
    public Claim(string path, string next, string worker, TimeSpan interval)
    {
        (this.path, this.next, this.worker) = (path, next, worker);
        timer = new Timer(_ => Beat(), state: null, interval, interval);
    }

    /// <summary>
    /// Canceled if another worker took the cell over, since this one did not write its heartbeat for a long time, such
    /// as in a machine that slept.
    /// </summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>Says that the cell is done. Without it, another worker may claim the cell.</summary>
    public void Finish() => state = ClaimState.Finished;

    /// <summary>Says that the cell failed. Workers that begin later may claim it.</summary>
    public void Fail() => state = ClaimState.Failed;

    public void Dispose()
    {
        timer.Dispose();
        lock (guard)
        {
            if (isOver)
                return;
            isOver = true;
            if (!lost.IsCancellationRequested)
                TryWrite(state);
        }

        lost.Dispose();
    }

    private void Beat()
    {
        lock (guard)
        {
            if (isOver || lost.IsCancellationRequested)
                return;
            if (Directory.Exists(next))
                lost.Cancel();
            else
                TryWrite(ClaimState.Held);
        }
    }

    private void TryWrite(ClaimState said)
    {
        try
        {
            Heartbeat.Of(worker, ++count, said).Write(path);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            // A share that is away for a moment. If it stays away, the claim becomes stale, as it should.
        }
    }
}
