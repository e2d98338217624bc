using System.Text.RegularExpressions;

namespace TextualInversion.Hub;

/// <summary>A repository on the hub at a branch, a tag or a commit: <c>owner/name[@revision]</c>.</summary>
internal sealed partial record HubId
{
    private HubId(string name, string revision)
    {
        Name = name;
        Revision = revision;
    }

    /// <summary><c>owner/name</c>.</summary>
    public string Name { get; }

    /// <summary>The branch, tag or commit; <c>main</c> if none was given.</summary>
    public string Revision { get; }

    /// <summary>Whether <see cref="Revision"/> is a whole commit hash, whose files never change.</summary>
    public bool IsCommit => CommitPattern().IsMatch(Revision);

    /// <summary>
    /// Parses an id by the hub's rules for names and git's for revisions, or the address of its page as a browser shows
    /// it; null if it is neither.
    /// </summary>
    public static HubId? TryParse(string text)
    {
        if (AddressPattern().Match(text) is { Success: true } page)
            text = page.Groups["revision"] is { Success: true } tree
                ? $"{page.Groups["name"].Value}@{tree.Value}"
                : page.Groups["name"].Value;
        var parts = text.Split('@', 2);
        var revision = parts.Length == 2 ? parts[1] : "main";
        var isName =
            NamePattern().IsMatch(parts[0])
            && parts[0].Split('/').All(part => part.Length <= 96)
            && !parts[0].EndsWith(".git", StringComparison.Ordinal);
        return isName && RevisionPattern().IsMatch(revision) ? new HubId(parts[0], revision) : null;
    }

    /// <exception cref="TextualInversionException">The text is not an id.</exception>
    public static HubId Parse(string text) => TryParse(text) ?? throw new TextualInversionException(Problem(text));

    /// <summary>What to say of a text that is not an id.</summary>
    public static string Problem(string text) =>
        $"{text}: is not a hub id; write owner/name or owner/name@revision, "
        + "such as stable-diffusion-v1-5/stable-diffusion-v1-5.";

    public override string ToString() => Revision == "main" ? Name : $"{Name}@{Revision}";

    internal static bool IsCommitHash(string text) => CommitPattern().IsMatch(text);

    [GeneratedRegex(
        @"^(?!.*(--|\.\.))[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?/[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\z"
    )]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^(?!.*\.\.)[\w+#=-][\w.+#=@-]*(/[\w+#=-][\w.+#=@-]*)*\z")]
    private static partial Regex RevisionPattern();

    [GeneratedRegex(
        @"^https?://(www\.)?(huggingface\.co|hf\.co)/(?<name>[^/?#@]+/[^/?#@]+)(/tree/(?<revision>[^/?#@]+))?/?\z",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex AddressPattern();

    [GeneratedRegex(@"^[0-9a-f]{40}\z")]
    private static partial Regex CommitPattern();
}
