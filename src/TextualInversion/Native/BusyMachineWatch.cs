using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>
/// Keeps libtorch fast next to other programs that compute. libtorch splits an operation among the threads of GNU's
/// OpenMP, which spin while they wait for each other. When another program has taken the processor of one of them, the
/// others spin for nothing, and a step of a small model takes five times longer. OpenMP's threads spin only briefly
/// if the process has more of them than the machine has processors (GCC's manual of libgomp, GOMP_SPINCOUNT), which
/// in turn costs a third of the speed on a quiet machine. So while other programs compute, this class keeps idle
/// OpenMP threads. The number of threads that compute stays the same, and so do the results. For Linux.
/// </summary>
internal sealed class BusyMachineWatch : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(0.5);

    // What other programs may use of the processors that libtorch uses before the machine counts as busy.
    private const double SmallLoad = 0.3;

    private readonly ManualResetEventSlim ended = new();
    private readonly Thread? thread;

    /// <summary>Watches until it is disposed.</summary>
    public BusyMachineWatch()
    {
        if (!OperatingSystem.IsLinux() || get_num_threads() < 2 || ProcessorLoad.Read() is not { } load)
            return;
        thread = new Thread(() => Watch(load)) { IsBackground = true, Name = nameof(BusyMachineWatch) };
        thread.Start();
    }

    /// <summary>Whether other programs need processors that libtorch's threads use.</summary>
    /// <param name="loadOfOthers">The number of processors that other programs keep busy.</param>
    /// <param name="processors">The number of the machine's processors.</param>
    /// <param name="threads">The number of threads that libtorch uses.</param>
    internal static bool IsBusy(double loadOfOthers, int processors, int threads) =>
        loadOfOthers + threads > processors + SmallLoad;

    public void Dispose()
    {
        ended.Set();
        thread?.Join();
        ended.Dispose();
    }

    private void Watch(ProcessorLoad load)
    {
        IdleTeam? team = null;
        while (!ended.Wait(Period) && ProcessorLoad.Read() is { } now)
        {
            var busy = IsBusy(now.OfOthersSince(load), now.Processors, get_num_threads());
            if (busy)
                team ??= new IdleTeam();
            else
            {
                team?.Dispose();
                team = null;
            }

            load = now;
        }

        team?.Dispose();
    }

    /// <summary>OpenMP threads that wait until it is disposed.</summary>
    private sealed class IdleTeam : IDisposable
    {
        // libtorch splits operations above 32,768 numbers.
        private const int Numbers = 1 << 18;

        private readonly ManualResetEventSlim ended = new();
        private readonly Thread thread;

        public IdleTeam()
        {
            thread = new Thread(Run) { IsBackground = true, Name = nameof(IdleTeam) };
            thread.Start();
        }

        public void Dispose()
        {
            ended.Set();
            thread.Join();
            ended.Dispose();
        }

        private void Run()
        {
            // OpenMP makes the threads for the first operation of a thread, and keeps them as long as it lives.
            using (NewDisposeScope())
                zeros(Numbers, device: CPU).neg();
            ended.Wait();
        }
    }
}
