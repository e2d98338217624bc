using System.Text;
using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>
/// The cache that Python's tools share, in their layout
/// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache). <c>models--owner--name/</c> contains
/// <c>blobs/HASH</c>, relative links to blobs as <c>snapshots/COMMIT/path</c>, and commits as <c>refs/REVISION</c>.
/// Locks are <c>.locks/models--owner--name/HASH.lock</c>.
/// </summary>
internal sealed class HubCache(string folder)
{
    private const string Prefix = "models--",
        Incomplete = ".incomplete";
    private static readonly Lock Remembering = new();
    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(100);
    private static readonly EnumerationOptions All = new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    public string Folder => folder;

    /// <summary>
    /// The folder of a revision's files, complete or not, or null if the cache does not have the revision.
    /// </summary>
    public string? FindSnapshot(HubId id)
    {
        var repository = RepositoryFolder(id);
        var commit = id.IsCommit ? id.Revision : ReadReference(ReferencePath(id));
        return
            commit is not null
            && HubId.IsCommitHash(commit)
            && Path.Combine(repository, "snapshots", commit) is var snapshot
            && Directory.Exists(snapshot)
            ? snapshot
            : null;
    }

    /// <summary>Every snapshot of every model, by name.</summary>
    public IReadOnlyList<CachedSnapshot> List() => [.. Repositories().SelectMany(SnapshotsOf)];

    /// <summary>The models, as <c>owner/name</c>.</summary>
    public IReadOnlyList<string> ModelNames() => [.. Repositories().Select(NameOf)];

    /// <summary>The models with partial downloads, their bytes, and the folders of their blobs.</summary>
    /// <exception cref="TextualInversionException">A folder cannot be read.</exception>
    public IReadOnlyList<(string Model, long Bytes, string Folder)> Partials() =>
        [
            .. from repository in Repositories()
            let blobs = Path.Combine(repository, "blobs")
            where Directory.Exists(blobs)
            let partials = FolderListing.Files(blobs, "*" + Incomplete)
            where partials.Count > 0
            select (NameOf(repository), partials.Sum(partial => LengthOf(partial) ?? 0), blobs),
        ];

    /// <summary>The paths inside a snapshot, with forward slashes, whose content exists.</summary>
    public static HashSet<string> FilesOf(string snapshot) =>
        [.. Entries(snapshot).Where(file => LengthOf(Path.Combine(snapshot, file)) is not null)];

    /// <summary>The same, including broken links.</summary>
    internal static IEnumerable<string> Entries(string snapshot) =>
        Directory
            .EnumerateFiles(snapshot, "*", All)
            .Select(file => Path.GetRelativePath(snapshot, file).Replace('\\', '/'));

    /// <summary>
    /// The length of the file that a path leads to through links, or null if there is no regular file. File.Exists is
    /// true for a broken link.
    /// </summary>
    internal static long? LengthOf(string path)
    {
        try
        {
            var entry = new FileInfo(path);
            var file = entry.Exists ? entry.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? entry : null;
            return file is { Exists: true } && SpecialFile.Find(file.FullName) is null ? file.Length : null;
        }
        catch (IOException)
        {
            return null; // links in a circle
        }
    }

    /// <summary>The partial download of a blob.</summary>
    internal string PartialPath(HubId id, string blob) => BlobPath(id, blob) + Incomplete;

    internal string BlobPath(HubId id, string blob) => Path.Combine(RepositoryFolder(id), "blobs", blob);

    internal string SnapshotPath(HubId id, string commit) => Path.Combine(RepositoryFolder(id), "snapshots", commit);

    /// <summary>Whether the blob exists, or its copy on systems without links.</summary>
    internal bool Has(HubId id, string commit, HubFile file) =>
        LengthOf(BlobPath(id, file.Blob)) == file.Size
        || LengthOf(Path.Combine(SnapshotPath(id, commit), file.Path)) == file.Size;

    /// <summary>
    /// Waits until no other process works on the blob. The lock is made with flock, as in Python, and ends with the
    /// process.
    /// </summary>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    internal async Task<IDisposable> LockAsync(
        HubId id,
        string blob,
        Action whenHeld,
        CancellationToken cancellationToken
    )
    {
        var path = Path.Combine(folder, ".locks", Path.GetFileName(RepositoryFolder(id)), blob + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (IoErrors.IsHeld(error))
            {
                if (isFirst)
                    whenHeld();
                await Task.Delay(LockInterval, cancellationToken);
            }
        }
    }

    /// <summary>Links a blob into a snapshot.</summary>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    internal void Link(HubId id, string commit, HubFile file)
    {
        var blob = BlobPath(id, file.Blob);
        var pointer = Path.Combine(SnapshotPath(id, commit), file.Path);
        if (
            !File.Exists(blob)
            || (
                File.Exists(pointer)
                && new FileInfo(pointer).ResolveLinkTarget(returnFinalTarget: false)?.FullName == Path.GetFullPath(blob)
            )
        )
            return;
        var directory = Path.GetDirectoryName(pointer)!;
        Directory.CreateDirectory(directory);
        File.Delete(pointer);
        try
        {
            File.CreateSymbolicLink(pointer, Path.GetRelativePath(directory, blob));
        }
        catch (Exception error) when (OperatingSystem.IsWindows() && IoErrors.IsFileError(error))
        {
            File.Move(blob, pointer); // Windows allows links to developers alone; Python's tools do the same
        }
    }

    /// <summary>Records the commit of a branch or tag.</summary>
    internal void Remember(HubId id, string commit)
    {
        if (id.Revision == commit)
            return;
        lock (Remembering)
        {
            if (ReadReference(ReferencePath(id)) == commit)
                return; // the cache may be read-only
            AtomicFile.Write(
                ReferencePath(id),
                overwrite: true,
                stream => stream.Write(Encoding.ASCII.GetBytes(commit))
            );
        }
    }

    private string ReferencePath(HubId id) => Path.Combine(RepositoryFolder(id), "refs", id.Revision);

    /// <summary>The folder of all revisions of a model.</summary>
    public string RepositoryFolder(HubId id) =>
        Path.Combine(folder, Prefix + id.Name.Replace("/", "--", StringComparison.Ordinal));

    private IEnumerable<string> Repositories() =>
        Directory.Exists(folder) ? FolderListing.Folders(folder, Prefix + "*") : [];

    private static string NameOf(string repository) =>
        Path.GetFileName(repository)[Prefix.Length..].Replace("--", "/", StringComparison.Ordinal);

    private static string? ReadReference(string path)
    {
        try
        {
            return File.Exists(path) && SpecialFile.Find(path) is null ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null; // the same as unknown
        }
    }

    private static IEnumerable<CachedSnapshot> SnapshotsOf(string repository)
    {
        var (snapshots, references) = (Path.Combine(repository, "snapshots"), Path.Combine(repository, "refs"));
        if (!Directory.Exists(snapshots))
            return [];
        var revisions = Directory.Exists(references)
            ? Directory
                .EnumerateFiles(references, "*", All)
                .ToLookup(
                    file => ReadReference(file) ?? "",
                    file => Path.GetRelativePath(references, file).Replace('\\', '/')
                )
            : null;
        return FolderListing
            .Folders(snapshots)
            .Select(snapshot => new CachedSnapshot(
                NameOf(repository),
                Path.GetFileName(snapshot),
                [.. (revisions?[Path.GetFileName(snapshot)] ?? []).Order(StringComparer.Ordinal)],
                CachedSnapshot.KindOf(snapshot),
                FilesOf(snapshot).Sum(file => LengthOf(Path.Combine(snapshot, file)) ?? 0),
                snapshot
            ));
    }
}
