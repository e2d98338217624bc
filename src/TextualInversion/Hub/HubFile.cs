namespace TextualInversion.Hub;

/// <summary>A file of a repository.</summary>
/// <param name="Path">The path inside the repository, with forward slashes.</param>
/// <param name="Size">The length in bytes.</param>
/// <param name="Blob">The hash of the content, which is its name in the cache; see <see cref="BlobHash"/>.</param>
internal sealed record HubFile(string Path, long Size, string Blob)
{
    private const long MostBytes = 1L << 50; // so that sums stay in range

    /// <summary>Whether size and hash can be true. Values from the network become paths and lengths here.</summary>
    public bool IsValid => Size is >= 0 and <= MostBytes && HubListing.IsHash(Blob);
}
