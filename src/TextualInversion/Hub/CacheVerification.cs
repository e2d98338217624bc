namespace TextualInversion.Hub;

/// <summary>A file of a snapshot, and what is wrong with it.</summary>
/// <param name="Path">below the snapshot</param>
/// <param name="Bytes">its length</param>
/// <param name="Blob">the file to delete where it is broken</param>
/// <param name="IsChecked">false where it is a copy instead of a link, so that its hash is not known</param>
/// <param name="Problem">null where its hash is the one that it is named by</param>
internal sealed record VerifiedFile(string Path, long Bytes, string Blob, bool IsChecked, string? Problem);

/// <summary>Reads every file of a snapshot again and compares it with the hash that its blob is named by. No network is needed.</summary>
internal static class CacheVerification
{
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<IReadOnlyList<VerifiedFile>> RunAsync(
        string snapshot,
        IProgress<DownloadProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var files = HubCache
            .Entries(snapshot)
            .Order(StringComparer.Ordinal)
            .Select(path => (Path: path, Blob: BlobOf(Path.Combine(snapshot, path))))
            .ToList();
        var total = files.Sum(file => HubCache.LengthOf(file.Blob.FullName) ?? 0);
        var verified = new List<VerifiedFile>();
        foreach (var (path, blob) in files)
        {
            var isChecked = !blob.Exists || HubListing.IsHash(blob.Name);
            verified.Add(
                new VerifiedFile(
                    path,
                    HubCache.LengthOf(blob.FullName) ?? 0,
                    blob.FullName,
                    isChecked,
                    isChecked ? await ProblemAsync(blob, cancellationToken) : null
                )
            );
            progress?.Report(new DownloadProgress(verified.Sum(file => file.Bytes), total, Notice: null));
        }

        return verified;
    }

    /// <summary>The link's first target: its name is the hash, whatever it may lead to in turn.</summary>
    private static FileInfo BlobOf(string path) =>
        (FileInfo?)new FileInfo(path).ResolveLinkTarget(returnFinalTarget: false) ?? new FileInfo(path);

    private static async Task<string?> ProblemAsync(FileInfo blob, CancellationToken cancellationToken)
    {
        if (!blob.Exists)
            return "is missing";
        try
        {
            var hash = await BlobHash.OfAsync(blob.FullName, blob.Name, cancellationToken);
            return hash == blob.Name ? null : $"has the hash {hash} instead of {blob.Name}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read ({error.Message.TrimEnd('.')})";
        }
    }
}
