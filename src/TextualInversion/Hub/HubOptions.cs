namespace TextualInversion.Hub;

/// <summary>Where models come from and where they are kept.</summary>
internal sealed record HubOptions
{
    /// <summary>The folder that other tools call <c>HF_HUB_CACHE</c>.</summary>
    public required string CacheFolder { get; init; }

    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>Sent to <see cref="Endpoint"/> and to nobody else.</summary>
    public string? Token { get; init; }

    /// <summary>Nothing is asked of the network.</summary>
    public bool Offline { get; init; }

    /// <summary>Files that are fetched at the same time.</summary>
    public int ParallelDownloads { get; init; } = 4;

    /// <summary>How often in a row a request may fail before it is given up; bytes that arrive start the count anew.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>How long a connection may say nothing.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How a pause between attempts is made.</summary>
    public Func<TimeSpan, CancellationToken, Task> Wait { get; init; } = Task.Delay;

    /// <summary>In [0, 1): by how much pauses are lengthened, so that many clients do not come back at once.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>Whether an address is the endpoint's own: same scheme, host and port.</summary>
    internal bool IsEndpoint(Uri address) =>
        Uri.Compare(
            address,
            Endpoint,
            UriComponents.SchemeAndServer,
            UriFormat.SafeUnescaped,
            StringComparison.OrdinalIgnoreCase
        ) == 0;

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{Endpoint} -> {CacheFolder}";
}
