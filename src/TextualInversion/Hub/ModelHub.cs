using TextualInversion.Checkpoints;

namespace TextualInversion.Hub;

/// <summary>Models by their id, from the cache or else from the hub into the cache.</summary>
internal sealed class ModelHub(HubOptions options)
{
    private const string ModelIndex = "model_index.json";

    public HubCache Cache { get; } = new(options.CacheFolder);

    /// <summary>The folder of a Stable Diffusion, with all that <see cref="ModelFolder"/> reads.</summary>
    /// <param name="id">which</param>
    /// <param name="variant">the weights to take where there are several, such as <c>fp16</c>; null for the plain ones</param>
    /// <param name="update">whether to ask the hub for a newer commit although the cache holds one; without a network the cache's is taken</param>
    /// <param name="progress">told of downloads</param>
    /// <param name="cancellationToken">leaves what came so far, to go on from</param>
    /// <exception cref="TextualInversionException">It cannot be had.</exception>
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

    /// <summary>The folder of a repository with the files named, such as a tokenizer's.</summary>
    /// <param name="id">which</param>
    /// <param name="files">paths below it</param>
    /// <param name="progress">told of downloads</param>
    /// <param name="cancellationToken">leaves what came so far, to go on from</param>
    /// <exception cref="TextualInversionException">One of them cannot be had.</exception>
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

    /// <param name="id">which</param>
    /// <param name="select">from the files that are there to those that are needed; throws where some are missing</param>
    /// <param name="check">throws where a snapshot of the cache lacks some that are found only by reading it</param>
    /// <param name="update">whether to ask the hub although all is there</param>
    /// <param name="progress">told of downloads</param>
    /// <param name="cancellationToken">leaves what came so far</param>
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
                $"{id}: {why} {Cache.Folder}, and HF_HUB_OFFLINE forbids to download it; unset it, or name another model."
            );

        using var connection = new HubConnection(options);
        HubListing listing;
        try
        {
            // Who has a model already does not wait long to hear that there is no newer one.
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
                    $"the hub cannot be asked for a newer {id} ({failure.Message}); the cache's is used"
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

    /// <summary>The snapshot in the cache, if all of it is there.</summary>
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
            why = $"is not whole ({incomplete.Message.TrimEnd('.')}) in the cache";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            why = $"cannot be read ({error.Message.TrimEnd('.')}) in the cache";
        }

        return null;
    }

    /// <summary>Another tool's download may have been interrupted: all parts that the pipeline names must be there.</summary>
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
