using System.Collections.Concurrent;
using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>
/// Downloads the files of a commit into the cache: configs and indexes first, then weights, several at a time.
/// </summary>
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
    private readonly ConcurrentDictionary<string, HubFile> files = new(
        listing.Files.Values.OfType<HubFile>().Select(file => KeyValuePair.Create(file.Path, file))
    );
    private Dictionary<string, long> arrived = []; // bytes so far of each file that was missing
    private long totalBytes;

    /// <param name="select">From all paths of the repository to those that are needed.</param>
    /// <param name="cancellationToken">Stops the download and keeps the bytes so far.</param>
    /// <exception cref="TextualInversionException">
    /// A file cannot be downloaded or written, or the disk has no room for all of them.
    /// </exception>
    public async Task RunAsync(
        Func<IReadOnlySet<string>, IReadOnlyList<string>> select,
        CancellationToken cancellationToken
    )
    {
        var names = listing.Files.Keys.ToHashSet();
        var selected = select(names);
        await DescribeAsync(selected, cancellationToken);
        var indexes = selected.Where(ModelFileSelection.IsIndex).ToList();
        await FetchAsync(indexes, cancellationToken);
        var all = selected.Concat(indexes.SelectMany(index => ShardsOf(index, names))).Distinct().ToList();
        await DescribeAsync(all, cancellationToken);

        PlanProgress(all);
        await FetchAsync(all.Where(file => !ModelFileSelection.IsWeights(file)), cancellationToken);
        await FetchAsync(all.Where(ModelFileSelection.IsWeights), cancellationToken);
        cache.Remember(id, listing.Commit);
    }

    private IReadOnlyList<string> ShardsOf(string index, HashSet<string> names)
    {
        var text = File.ReadAllText(Path.Combine(cache.SnapshotPath(id, listing.Commit), index));
        return ModelFileSelection.Shards(id.Name, names, index, text);
    }

    private void PlanProgress(List<string> all)
    {
        var missing = all.Select(path => files[path]).Where(file => !cache.Has(id, listing.Commit, file)).ToList();
        RequireRoom(missing.DistinctBy(file => file.Blob).Sum(file => file.Size));
        arrived = missing.ToDictionary(
            file => file.Path,
            file => Math.Min(file.Size, HubCache.LengthOf(cache.PartialPath(id, file.Blob)) ?? 0)
        );
        totalBytes = missing.Sum(file => file.Size);
    }

    /// <summary>Asks for the size and hash of each file that the listing gives without.</summary>
    private Task DescribeAsync(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        var api = new HubApi(connection, options);
        return Parallel.ForEachAsync(
            paths.Where(path => !files.ContainsKey(path)),
            Parallelism(cancellationToken),
            async (path, token) => files[path] = await DescribeWithRetryAsync(api, path, token)
        );
    }

    private async Task<HubFile> DescribeWithRetryAsync(HubApi api, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await HubRetry.RunAsync(
                options,
                () => api.DescribeAsync(id, listing.Commit, path, cancellationToken),
                progress: () => 0,
                notice: text => progress?.Report(new DownloadProgress(0, 0, text)),
                cancellationToken
            );
        }
        catch (HubFailure failure)
        {
            throw HubErrors.GivenUp(failure, id, path, options);
        }
    }

    private Task FetchAsync(IEnumerable<string> paths, CancellationToken cancellationToken)
    {
        // Two paths with the same content are one blob, so they are fetched one after the other.
        var blobs = paths
            .Select(path => files[path])
            .GroupBy(file => file.Blob)
            .OrderByDescending(same => same.First().Size);
        return Parallel.ForEachAsync(
            blobs,
            Parallelism(cancellationToken),
            async (same, token) =>
            {
                foreach (var file in same)
                    await FetchAsync(file, token);
            }
        );
    }

    private Task FetchAsync(HubFile file, CancellationToken cancellationToken) =>
        new BlobDownload(connection, cache, options, id, listing.Commit, file).RunAsync(
            bytes => Report(file, bytes),
            text => Report(file, null, text),
            cancellationToken
        );

    private ParallelOptions Parallelism(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = options.ParallelDownloads, CancellationToken = cancellationToken };

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
            return; // the cache may be read-only
        try
        {
            Directory.CreateDirectory(cache.Folder);
            var free = new DriveInfo(cache.Folder).AvailableFreeSpace;
            if (bytes > free)
                throw new TextualInversionException(
                    $"{id}: takes {bytes / 1e9:N1} GB and {cache.Folder} has {free / 1e9:N1} GB free; free some space, "
                        + "or choose another cache with HF_HUB_CACHE."
                );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Wrap(cache.Folder, "written", error, hint: "choose another cache with HF_HUB_CACHE");
        }
    }
}
