using System.Globalization;

namespace TextualInversion.Hub;

/// <summary>Makes a request again, after pauses that double: 1, 2, 4 … seconds, each up to half longer by chance, or as long as the server asks.</summary>
internal static class HubRetry
{
    private const int DamagedAttempts = 2; // wrong content is rarely an accident
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(10);

    /// <param name="options">how often, and how to pause</param>
    /// <param name="attempt">one attempt</param>
    /// <param name="progress">how far the attempts have come; where one got further than all before it, the count starts anew</param>
    /// <param name="notice">told before each pause</param>
    /// <param name="cancellationToken">ends a pause too</param>
    /// <exception cref="HubFailure">The last attempt's.</exception>
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
