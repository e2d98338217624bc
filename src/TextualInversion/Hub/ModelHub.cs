using TextualInversion.Checkpoints;
using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>Finds models by id in the cache, and downloads those that are missing.</summary>
internal sealed class ModelHub(HubOptions options)
{
    private const string ModelIndex = "model_index.json";

    public HubCache Cache { get; } = new(options.CacheFolder);

    /// <summary>The folder of a Stable Diffusion, with all files that <see cref="ModelFolder"/> reads.</summary>
    /// <param name="id">The repository and revision.</param>
    /// <param name="variant">The weights to prefer, such as <c>fp16</c>. Null: the plain ones.</param>
    /// <param name="update">
    /// Whether to ask the hub for a newer commit even if the cache holds one. Without a network the cached one is used.
    /// </param>
    /// <param name="progress">Receives the progress of downloads.</param>
    /// <param name="cancellationToken">Stops the download and keeps the bytes so far, to continue later.</param>
    /// <exception cref="TextualInversionException">The model cannot be downloaded.</exception>
    public Task<string> GetModelAsync(
        HubId id,
        string? variant,
        bool update,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    ) =>
        GetAsync(
            id,
            files => ModelFileSelection.Select(id.Name, files, variant),
            (snapshot, files) => RequireParts(id, snapshot, files),
            update,
            progress,
            cancellationToken
        );

    /// <summary>The folder of a repository with certain files, such as a tokenizer's.</summary>
    /// <param name="id">The repository and revision.</param>
    /// <param name="files">Paths inside the repository.</param>
    /// <param name="progress">Receives the progress of downloads.</param>
    /// <param name="cancellationToken">Stops the download and keeps the bytes so far, to continue later.</param>
    /// <exception cref="TextualInversionException">One of them cannot be downloaded.</exception>
    public Task<string> GetFilesAsync(
        HubId id,
        IReadOnlyList<string> files,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    ) =>
        GetAsync(
            id,
            there =>
                files.FirstOrDefault(file => !there.Contains(file)) is { } missing
                    ? throw new TextualInversionException(
                        $"{id}: has no {missing}; name another repository or revision."
                    )
                    : files,
            (_, _) => { },
            update: false,
            progress,
            cancellationToken
        );

    /// <summary>Asks the hub once about a repository, to see whether it can be reached and has it.</summary>
    /// <param name="id">The repository and revision.</param>
    /// <param name="cancellationToken">Stops waiting for the answer.</param>
    /// <exception cref="TextualInversionException">There is no answer, or the hub refuses.</exception>
    public async Task AskAsync(HubId id, CancellationToken cancellationToken)
    {
        var once = options with { Attempts = 1 };
        using var connection = new HubConnection(once);
        try
        {
            await new HubApi(connection, once).ListAsync(id, cancellationToken);
        }
        catch (HubFailure failure)
        {
            throw new TextualInversionException(
                $"{failure.Message}; check the network, the proxy and HF_ENDPOINT.",
                failure
            );
        }
    }

    /// <param name="id">The repository and revision.</param>
    /// <param name="select">From the paths that exist to those that are needed; throws if some are missing.</param>
    /// <param name="check">Throws if a cached snapshot lacks files that are found only by reading it.</param>
    /// <param name="update">Whether to ask the hub even if the cache is complete.</param>
    /// <param name="progress">Receives the progress of downloads.</param>
    /// <param name="cancellationToken">Stops the download and keeps the bytes so far.</param>
    private async Task<string> GetAsync(
        HubId id,
        Func<IReadOnlySet<string>, IReadOnlyList<string>> select,
        Action<string, IReadOnlySet<string>> check,
        bool update,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var cached = FindComplete(id, select, check, out var why);
        if (cached is not null && (!update || options.Offline || id.IsCommit))
            return cached;
        if (options.Offline)
            throw new TextualInversionException(
                $"{id}: {why} {Cache.Folder}, and HF_HUB_OFFLINE prevents downloading it; "
                    + "unset it, or name another model."
            );

        using var connection = new HubConnection(options);
        HubListing listing;
        try
        {
            // A model in the cache can be used at once, so a failing network is asked only once.
            var patience = cached is null ? options : options with { Attempts = 1 };
            listing = await HubRetry.RunAsync(
                patience,
                () => new HubApi(connection, options).ListAsync(id, cancellationToken),
                () => 0,
                text => progress?.Report(new DownloadProgress(0, 0, text)),
                cancellationToken
            );
        }
        catch (HubFailure failure)
        {
            if (cached is null)
                throw HubErrors.GivenUp(failure, id, "its list of files", options);
            progress?.Report(
                new DownloadProgress(
                    0,
                    0,
                    $"cannot ask the hub for a newer {id} ({failure.Message}); the cached one is used"
                )
            );
            return cached;
        }

        await new SnapshotDownload(connection, Cache, options, id, listing, progress).RunAsync(
            select,
            cancellationToken
        );
        return Cache.SnapshotPath(id, listing.Commit);
    }

    /// <summary>
    /// The cached snapshot, or null if it is incomplete; then <paramref name="why"/> says what is missing.
    /// </summary>
    private string? FindComplete(
        HubId id,
        Func<IReadOnlySet<string>, IReadOnlyList<string>> select,
        Action<string, IReadOnlySet<string>> check,
        out string why
    )
    {
        why = "is not in the cache";
        if (Cache.FindSnapshot(id) is not { } snapshot)
            return null;
        try
        {
            var files = HubCache.FilesOf(snapshot);
            foreach (var index in select(files).Where(ModelFileSelection.IsIndex))
                ModelFileSelection.Shards(id.Name, files, index, File.ReadAllText(Path.Combine(snapshot, index)));
            check(snapshot, files);
            return snapshot;
        }
        catch (TextualInversionException incomplete)
        {
            why = $"is incomplete ({incomplete.Message.TrimEnd('.')}) in the cache";
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            why = $"cannot be read ({IoErrors.Reason(error)}) in the cache";
        }

        return null;
    }

    /// <summary>
    /// Requires all parts that the pipeline names; another tool's download may have been interrupted.
    /// </summary>
    private static void RequireParts(HubId id, string snapshot, IReadOnlySet<string> files)
    {
        if (
            files.Contains(ModelIndex)
            && ModelFileSelection.MissingPart(id.Name, files, File.ReadAllText(Path.Combine(snapshot, ModelIndex)))
                is { } part
        )
            throw new TextualInversionException($"{id}: has no {part}/.");
    }
}
