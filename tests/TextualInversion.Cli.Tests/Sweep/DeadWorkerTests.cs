using System.Diagnostics;
using System.Globalization;
using TextualInversion.Cli.Sweep.Work;

namespace TextualInversion.Cli.Tests.Sweep;

/// <summary>Claims of workers that died, on this machine and on others.</summary>
public sealed class DeadWorkerTests : IDisposable
{
    private readonly SweepTestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Claim_ProcessThatIsNotThere_IsShownAndTakenOverAtOnce() =>
        await AssertGoneAsync(beat => beat with { Process = int.MaxValue });

    [Fact]
    public async Task Claim_NumberThatAnotherProcessHasNow_IsShownAndTakenOverAtOnce() =>
        await AssertGoneAsync(beat => beat with { Started = beat.Started - 3_600_000 });

    /// <summary>A process that was killed, but whose parent has not asked for its exit code.</summary>
    [Fact]
    public async Task Claim_KilledProcessThatIsStillListed_IsShownAndTakenOverAtOnce()
    {
        if (!OperatingSystem.IsLinux())
            return;
        // After exec, nothing asks for the exit code of the child.
        var start = new ProcessStartInfo("sh", ["-c", "sleep 500 & echo $!; exec sleep 600"])
        {
            RedirectStandardOutput = true,
        };
        using var parent = Process.Start(start)!;
        try
        {
            var line = await parent.StandardOutput.ReadLineAsync();
            var id = int.Parse(line!, CultureInfo.InvariantCulture);
            await WaitForAsync(parent.Id, "(sleep)");
            using (var child = Process.GetProcessById(id))
                child.Kill();
            await WaitForAsync(id, ") Z ");

            await AssertGoneAsync(beat => beat with { Process = id, Started = null });
        }
        finally
        {
            parent.Kill();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Claim_LivingProcess_IsShownAndKept(bool hasStart)
    {
        WriteClaim(beat => hasStart ? beat : beat with { Started = null });

        Assert.Null(Board("b").TryClaim("cell-0"));
        var status = await StatusAsync();
        Assert.Contains("1 running now", status, StringComparison.Ordinal);
        Assert.Contains("cell-0  running", status, StringComparison.Ordinal);
        Assert.Contains("the-worker", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Claim_ProcessOfAnotherMachine_IsKeptAndItsSilenceIsShown()
    {
        WriteClaim(beat => beat with { Host = "another", Process = int.MaxValue });
        var heartbeat = Path.Combine(folder.Sweep.ClaimsPath, "cell-0.1", "heartbeat.json");

        Assert.Null(Board("b").TryClaim("cell-0"));
        var status = await StatusAsync();
        Assert.Contains("cell-0  running", status, StringComparison.Ordinal);
        Assert.DoesNotContain("no sign of life", status, StringComparison.Ordinal);

        File.SetLastWriteTimeUtc(heartbeat, DateTime.UtcNow.AddSeconds(-300));
        Assert.Contains("no sign of life from the-worker for 30", await StatusAsync(), StringComparison.Ordinal);
    }

    private static async Task WaitForAsync(int process, string state)
    {
        while (!(await File.ReadAllTextAsync($"/proc/{process}/stat")).Contains(state, StringComparison.Ordinal))
            await Task.Delay(10);
    }

    private async Task AssertGoneAsync(Func<Heartbeat, Heartbeat> change)
    {
        WriteClaim(change);

        var status = await StatusAsync();
        Assert.Contains("0 running now", status, StringComparison.Ordinal);
        Assert.Contains("cell-0  waiting", status, StringComparison.Ordinal);
        Assert.Contains("its worker is gone; run the sweep again to go on", status, StringComparison.Ordinal);
        using var taken = Board("b").TryClaim("cell-0");
        Assert.NotNull(taken);
        Assert.Contains("1 running now", await StatusAsync(), StringComparison.Ordinal);
    }

    /// <summary>Leaves a claim as a worker does that is killed.</summary>
    private void WriteClaim(Func<Heartbeat, Heartbeat> change)
    {
        folder.Plan(1);
        using (Board("the-worker").TryClaim("cell-0")) { }
        var beat = Heartbeat.Of("the-worker", 5, ClaimState.Held);
        Assert.NotNull(beat.Started);
        change(beat).Write(Path.Combine(folder.Sweep.ClaimsPath, "cell-0.1"));
    }

    private async Task<string> StatusAsync() => (await TiRunner.RunAsync("sweep", "status", folder.Output)).Output;

    private ClaimBoard Board(string worker) => new(folder.Sweep.ClaimsPath, worker, TimeProvider.System);
}
