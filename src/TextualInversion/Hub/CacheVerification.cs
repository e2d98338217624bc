using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>The result of verifying one file of a snapshot.</summary>
/// <param name="Path">The path inside the snapshot.</param>
/// <param name="Bytes">The length.</param>
/// <param name="Blob">The file to delete if it is damaged.</param>
/// <param name="IsChecked">False for a copy instead of a link, whose hash is unknown.</param>
/// <param name="Problem">What is wrong, or null if the hash is right.</param>
internal sealed record VerifiedFile(string Path, long Bytes, string Blob, bool IsChecked, string? Problem);

/// <summary>
/// Reads every file of a snapshot and compares its hash with the name of its blob. No network is needed.
/// </summary>
internal static class CacheVerification
{
    /// <exception cref="OperationCanceledException">The verification was canceled.</exception>
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

    /// <summary>The link's first target, whose name is the hash, even if it is a link itself.</summary>
    private static FileInfo BlobOf(string path) =>
        (FileInfo?)new FileInfo(path).ResolveLinkTarget(returnFinalTarget: false) ?? new FileInfo(path);

    private static async Task<string?> ProblemAsync(FileInfo blob, CancellationToken cancellationToken)
    {
        if (!blob.Exists)
            return "is missing";
        if (SpecialFile.Find(blob.FullName) is { } special)
            return $"is {special}";
        try
        {
            var hash = await BlobHash.OfAsync(blob.FullName, blob.Name, cancellationToken);
            return hash == blob.Name ? null : $"has the hash {hash} instead of {blob.Name}";
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return $"cannot be read ({IoErrors.Reason(error)})";
        }
    }
}
