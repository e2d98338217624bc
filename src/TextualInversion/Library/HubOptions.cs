namespace TextualInversion;

/// <summary>Where models are downloaded from, and where they are kept.</summary>
public sealed record HubOptions
{
    /// <summary>
    /// The cache, in the layout that Python's huggingface_hub uses, so that both share what is downloaded.
    /// Default: <c>.cache/huggingface/hub</c> in the user's home folder.
    /// </summary>
    public string CacheFolder { get; init; } = DefaultCacheFolder();

    /// <summary>The address of the hub or of a mirror of it.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>
    /// An access token, needed for models that are not public. It is sent to <see cref="Endpoint"/> only.
    /// </summary>
    public string? Token { get; init; }

    /// <summary>Whether the network is not used, so that only the cache's models are found.</summary>
    public bool Offline { get; init; }

    /// <summary>Files that are downloaded at the same time.</summary>
    internal int ParallelDownloads { get; init; } = 4;

    /// <summary>How often in a row a request may fail; bytes that arrive reset the count.</summary>
    internal int Attempts { get; init; } = 5;

    /// <summary>How long a connection may be silent.</summary>
    internal TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Waits between two attempts.</summary>
    internal Func<TimeSpan, CancellationToken, Task> Wait { get; init; } = Task.Delay;

    /// <summary>In [0, 1): by how much waits are lengthened, so that many clients do not return at once.</summary>
    internal Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>Shows the addresses without the token.</summary>
    public override string ToString() => $"{Endpoint} -> {CacheFolder}";

    /// <summary>Whether an address is the endpoint's own: same scheme, host and port.</summary>
    internal bool IsEndpoint(Uri address) =>
        Uri.Compare(
            address,
            Endpoint,
            UriComponents.SchemeAndServer,
            UriFormat.SafeUnescaped,
            StringComparison.OrdinalIgnoreCase
        ) == 0;

    private static string DefaultCacheFolder() =>
        Path.Combine(
            Environment.GetFolderPath(
                Environment.SpecialFolder.UserProfile,
                Environment.SpecialFolderOption.DoNotVerify
            ),
            ".cache",
            "huggingface",
            "hub"
        );
}
