namespace TextualInversion.Hub;

/// <summary>Why an attempt failed that may be made again. Never leaves the hub: when it is given up, the user is told.</summary>
/// <param name="kind">what went wrong</param>
/// <param name="message">where and why, without a full stop</param>
/// <param name="retryAfter">what the server asked to be waited, if it did</param>
/// <param name="inner">what the network said</param>
internal sealed class HubFailure(
    HubFailureKind kind,
    string message,
    TimeSpan? retryAfter = null,
    Exception? inner = null
) : Exception(message, inner)
{
    public HubFailureKind Kind => kind;

    public TimeSpan? RetryAfter => retryAfter;
}

internal enum HubFailureKind
{
    /// <summary>The server was never reached.</summary>
    Unreachable,

    /// <summary>The connection broke or stalled, or the server has a problem or too much to do.</summary>
    Interrupted,

    /// <summary>What came is not what was announced.</summary>
    Damaged,
}
