using System.Globalization;

namespace TextualInversion.Hub;

/// <summary>
/// Repeats a request after pauses of 1, 2, 4 … seconds, each randomly lengthened by up to half, or as long as the
/// server asks.
/// </summary>
internal static class HubRetry
{
    private const int DamagedAttempts = 2; // wrong content is rarely an accident
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(10);

    /// <param name="options">The number of attempts, and how to pause.</param>
    /// <param name="attempt">Makes one attempt.</param>
    /// <param name="progress">The progress of all attempts; an attempt that gets further resets the count.</param>
    /// <param name="notice">Receives a line before each pause.</param>
    /// <param name="cancellationToken">Ends a pause as well.</param>
    /// <exception cref="HubFailure">The last attempt failed.</exception>
    public static async Task<T> RunAsync<T>(
        HubOptions options,
        Func<Task<T>> attempt,
        Func<long> progress,
        Action<string> notice,
        CancellationToken cancellationToken
    )
    {
        var (failures, damages, furthest) = (0, 0, progress());
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (HubFailure failure)
            {
                failures = progress() > furthest ? 1 : failures + 1;
                furthest = Math.Max(furthest, progress());
                if (failure.Kind == HubFailureKind.Damaged)
                    damages++;
                var pause = failure.RetryAfter ?? Pause(failures, options.Jitter());
                if (failures >= options.Attempts || damages >= DamagedAttempts || pause > LongestRequest)
                    throw;
                notice(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{failure.Message}; trying again in {Math.Ceiling(pause.TotalSeconds)} s"
                    )
                );
                await options.Wait(pause, cancellationToken);
            }
        }
    }

    private static TimeSpan Pause(int failures, double jitter)
    {
        var doubled = TimeSpan.FromSeconds(Math.Pow(2, failures - 1));
        return (doubled < LongestPause ? doubled : LongestPause) * (1 + (jitter / 2));
    }
}
