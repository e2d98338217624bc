using System.Text.RegularExpressions;

namespace TextualInversion.Hub;

/// <summary>The files of a revision at one commit.</summary>
/// <param name="Commit">The commit's hash.</param>
/// <param name="Files">
/// The files by path; null for a file whose size or hash the listing does not give, as those of some mirrors.
/// </param>
internal sealed partial record HubListing(string Commit, IReadOnlyDictionary<string, HubFile?> Files)
{
    /// <summary>
    /// Checks the values from the network. A file whose path would lie outside the cache is left out: nothing that is
    /// needed has such a name.
    /// </summary>
    /// <exception cref="TextualInversionException">The commit is not a hash.</exception>
    public static HubListing Checked(HubId id, string commit, IEnumerable<HubFile> files)
    {
        if (!HubId.IsCommitHash(commit))
            throw new TextualInversionException(
                $"{id}: its commit is called \"{commit}\", which is not a hash; nothing was downloaded. "
                    + "Check HF_ENDPOINT."
            );
        var byPath = new Dictionary<string, HubFile?>();
        foreach (var file in files.Where(file => IsInside(file.Path)))
            byPath[file.Path] = file.IsValid ? file : null;
        return new HubListing(commit, byPath);
    }

    /// <summary>Whether the text is a SHA-1 or a SHA-256 in lower-case hexadecimal.</summary>
    internal static bool IsHash(string text) => HashPattern().IsMatch(text);

    private static bool IsInside(string path) =>
        !path.Contains('\\')
        && !path.Any(char.IsControl)
        && path.Split('/').All(part => part is not ("" or "." or ".."));

    [GeneratedRegex(@"^([0-9a-f]{40}|[0-9a-f]{64})\z")]
    private static partial Regex HashPattern();
}
