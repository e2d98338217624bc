namespace TextualInversion.Hub;

/// <summary>
/// A failed attempt that may be repeated. It never leaves this namespace: after the last attempt it becomes an error
/// for the user.
/// </summary>
/// <param name="kind">The kind of failure.</param>
/// <param name="message">Where and why, without a full stop.</param>
/// <param name="retryAfter">The pause that the server asked for, or null.</param>
/// <param name="inner">The network's exception.</param>
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

    /// <summary>The connection broke or stalled, or the server has an error or is overloaded.</summary>
    Interrupted,

    /// <summary>The content is not what was announced.</summary>
    Damaged,
}
