namespace TextualInversion.Hub;

/// <summary>Brings the files of a commit into the cache: configs and indexes first, then weights, some at a time.</summary>
internal sealed class SnapshotDownload(
    HubConnection connection,
    HubCache cache,
    HubOptions options,
    HubId id,
    HubListing listing,
    IProgress<DownloadProgress>? progress
)
{
    private readonly Lock reporting = new();
    private Dictionary<string, long> arrived = []; // bytes of each file that was not there
    private long totalBytes;

    /// <exception cref="TextualInversionException">A file cannot be had or not be written, or the disk has no room for all of them.</exception>
    public async Task RunAsync(
        Func<IReadOnlySet<string>, IReadOnlyList<string>> select,
        CancellationToken cancellationToken
    )
    {
        var names = listing.Files.Keys.ToHashSet();
        var selected = select(names);
        var indexes = selected.Where(ModelFileSelection.IsIndex).ToList();
        await FetchAsync(indexes, cancellationToken);
        var shards = indexes.SelectMany(index =>
            ModelFileSelection.Shards(
                id.Name,
                names,
                index,
                File.ReadAllText(Path.Combine(cache.SnapshotPath(id, listing.Commit), index))
            )
        );
        var all = selected.Concat(shards).Distinct().ToList();
        var missing = all.Select(path => listing.Files[path])
            .Where(file => !cache.Has(id, listing.Commit, file))
            .ToList();
        RequireRoom(missing.DistinctBy(file => file.Blob).Sum(file => file.Size));
        arrived = missing.ToDictionary(
            file => file.Path,
            file => Math.Min(file.Size, HubCache.LengthOf(cache.PartialPath(id, file.Blob)) ?? 0)
        );
        totalBytes = missing.Sum(file => file.Size);
        await FetchAsync(all.Where(file => !ModelFileSelection.IsWeights(file)), cancellationToken);
        await FetchAsync(all.Where(ModelFileSelection.IsWeights), cancellationToken);
        cache.Remember(id, listing.Commit);
    }

    private Task FetchAsync(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        // Two paths with the same content are one blob, so they are fetched one after the other.
        var blobs = paths
            .Select(path => listing.Files[path])
            .GroupBy(file => file.Blob)
            .OrderByDescending(files => files.First().Size);
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.ParallelDownloads,
            CancellationToken = cancellationToken,
        };
        return Parallel.ForEachAsync(
            blobs,
            parallel,
            async (files, token) =>
            {
                foreach (var file in files)
                    await new BlobDownload(connection, cache, options, id, listing.Commit, file).RunAsync(
                        bytes => Report(file, bytes),
                        text => Report(file, null, text),
                        token
                    );
            }
        );
    }

    private void Report(HubFile file, long? bytes, string? notice = null)
    {
        if (progress is null)
            return;
        lock (reporting)
        {
            if (bytes is { } count && arrived.ContainsKey(file.Path))
                arrived[file.Path] = count;
            progress.Report(new DownloadProgress(arrived.Values.Sum(), totalBytes, notice));
        }
    }

    private void RequireRoom(long bytes)
    {
        if (bytes == 0)
            return; // the cache may be one that we may only read
        try
        {
            Directory.CreateDirectory(cache.Folder);
            var free = new DriveInfo(cache.Folder).AvailableFreeSpace;
            if (bytes > free)
                throw new TextualInversionException(
                    $"{id}: takes {bytes / 1e9:N1} GB and {cache.Folder} has {free / 1e9:N1} GB free; free some space, or choose another cache with HF_HUB_CACHE."
                );
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException(
                $"{cache.Folder}: cannot be written ({error.Message.TrimEnd('.')}); choose another cache with HF_HUB_CACHE.",
                error
            );
        }
    }
}
