using System.Text.RegularExpressions;

namespace TextualInversion.Hub;

/// <summary>A file of a repository. <paramref name="Blob"/> is its hash and its name in the cache: see <see cref="BlobHash"/>.</summary>
internal sealed record HubFile(string Path, long Size, string Blob);

/// <summary>What a revision is at this moment: a commit and its files.</summary>
internal sealed partial record HubListing(string Commit, IReadOnlyDictionary<string, HubFile> Files)
{
    private const long MaxBytes = 1L << 50; // sums stay in range

    /// <summary>Names from the network become paths here, so each is looked at.</summary>
    /// <exception cref="TextualInversionException">A name would lie outside the cache, or is no hash where one is needed.</exception>
    public static HubListing Checked(HubId id, string commit, IEnumerable<HubFile> files)
    {
        if (!HubId.IsCommitHash(commit))
            throw Refused(id, $"its commit is called \"{commit}\"");
        var byPath = new Dictionary<string, HubFile>();
        foreach (var file in files)
        {
            if (!IsInside(file.Path))
                throw Refused(id, $"it holds a file called \"{file.Path}\", which would be written outside the cache");
            if (!IsHash(file.Blob) || file.Size is < 0 or > MaxBytes)
                throw Refused(id, $"{file.Path} has no hash or no true size");
            byPath[file.Path] = file;
        }

        return new HubListing(commit, byPath);
    }

    internal static bool IsHash(string text) => HashPattern().IsMatch(text);

    private static bool IsInside(string path) =>
        !path.Contains('\\')
        && !path.Any(char.IsControl)
        && path.Split('/').All(part => part is not ("" or "." or ".."));

    private static TextualInversionException Refused(HubId id, string why) =>
        new($"{id}: {why}; nothing was downloaded. Use another repository, or check HF_ENDPOINT.");

    [GeneratedRegex(@"^([0-9a-f]{40}|[0-9a-f]{64})\z")]
    private static partial Regex HashPattern();
}
