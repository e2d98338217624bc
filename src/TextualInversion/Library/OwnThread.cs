namespace TextualInversion;

/// <summary>Runs long work on a thread of its own, so that the pool's threads stay free.</summary>
internal static class OwnThread
{
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            work,
            cancellationToken,
            TaskCreationOptions.LongRunning
                | TaskCreationOptions.DenyChildAttach
                | TaskCreationOptions.RunContinuationsAsynchronously,
            TaskScheduler.Default
        );
}
