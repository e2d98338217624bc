using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Generation;

/// <summary>An embedding that a text in a prompt may refer to.</summary>
/// <param name="Index">The embedding's position in the matcher's list.</param>
/// <param name="IsExact">Whether the text matches the name in case.</param>
/// <param name="Origin">The origin of the name.</param>
internal sealed record EmbeddingCandidate(int Index, bool IsExact, NameOrigin Origin);

/// <summary>A text in a prompt that refers to an embedding.</summary>
/// <param name="Start">The position of its first character in the composed prompt.</param>
/// <param name="Text">The text.</param>
/// <param name="Candidates">The embeddings with this name, best first; empty if there are none.</param>
/// <param name="Weight">The weight that the text gives it, as in <c>&lt;embedding:name:1.2&gt;</c>, or null.</param>
internal sealed record EmbeddingMatch(
    int Start,
    string Text,
    IReadOnlyList<EmbeddingCandidate> Candidates,
    string? Weight = null
);

/// <summary>
/// Finds the texts of a prompt that refer to embeddings: whole words only, in any case, longest first, and never a part
/// of a text in angle brackets. A text in angle brackets or after <c>embedding:</c> always refers to an embedding, even
/// to one that does not exist.
/// </summary>
internal sealed partial class EmbeddingMatcher
{
    private const string Prefix = "embedding:";

    private readonly Dictionary<string, List<(string Text, int Index, NameOrigin Origin)>> entries = new(
        StringComparer.OrdinalIgnoreCase
    );
    private readonly ILookup<char, string> namesByFirst; // longest first

    /// <param name="embeddings">
    /// The names of each embedding. Of two equally good matches the earlier embedding comes first.
    /// </param>
    public EmbeddingMatcher(IReadOnlyList<EmbeddingNames> embeddings)
    {
        foreach (var (index, embedding) in embeddings.Index())
        {
            foreach (var name in embedding.All)
            {
                if (!entries.TryGetValue(name.Text, out var known))
                    entries[name.Text] = known = [];
                known.Add((name.Text, index, name.Origin));
            }
        }

        namesByFirst = entries
            .Keys.OrderByDescending(name => name.Length)
            .ToLookup(name => char.ToUpperInvariant(name[0]));
    }

    /// <summary>The texts that refer to embeddings, in order.</summary>
    public IReadOnlyList<EmbeddingMatch> Find(string prompt) => FindIn(UnicodeNormalization.Compose(prompt));

    /// <summary>The composed prompt with a replacement for each text that refers to an embedding.</summary>
    public string Replace(string prompt, Func<EmbeddingMatch, string> replacement)
    {
        var text = UnicodeNormalization.Compose(prompt);
        var replaced = new StringBuilder();
        var end = 0;
        foreach (var match in FindIn(text))
        {
            replaced.Append(text, end, match.Start - end).Append(replacement(match));
            end = match.Start + match.Text.Length;
        }

        return replaced.Append(text, end, text.Length - end).ToString();
    }

    private List<EmbeddingMatch> FindIn(string text)
    {
        var matches = new List<EmbeddingMatch>();
        for (var i = 0; i < text.Length; )
        {
            var match = LongestAt(text, i) ?? UnansweredAt(text, i);
            if (match is not null)
                matches.Add(match);
            i += match?.Text.Length ?? 1;
        }

        return matches;
    }

    private EmbeddingMatch? LongestAt(string text, int start)
    {
        if (!BeginsWord(text, start))
            return null;
        foreach (var name in namesByFirst[char.ToUpperInvariant(text[start])])
        {
            var length = LengthAt(text, start, name);
            if (length > 0 && EndsWord(text, start + length, name))
                return new EmbeddingMatch(start, text.Substring(start, length), Candidates(name, text, start, length));
        }

        return null;
    }

    /// <summary>
    /// A reference that no name matches: a text in angle brackets, perhaps with a weight, or a text after the prefix.
    /// </summary>
    private EmbeddingMatch? UnansweredAt(string text, int start)
    {
        if (text[start] == '<')
        {
            if (InAngles().Match(text, start) is not { Success: true } span)
                return null;
            if (
                WithWeight().Match(span.Value) is { Success: true } weighted
                && $"<{Prefix}{weighted.Groups["name"].Value}>" is var name
                && entries.ContainsKey(name)
            )
            {
                var candidates = Candidates(name, name, 0, name.Length);
                return new EmbeddingMatch(start, span.Value, candidates, weighted.Groups["weight"].Value);
            }

            return new EmbeddingMatch(start, span.Value, []);
        }

        return
            string.Compare(text, start, Prefix, 0, Prefix.Length, StringComparison.OrdinalIgnoreCase) == 0
            && BeginsWord(text, start)
            && AfterPrefix().Match(text, start + Prefix.Length) is { Success: true } rest
            ? new EmbeddingMatch(start, text.Substring(start, Prefix.Length + rest.Length), [])
            : null;
    }

    private List<EmbeddingCandidate> Candidates(string name, string text, int start, int length)
    {
        var typed = text.Substring(start, length).Replace("\\", "", StringComparison.Ordinal);
        return
        [
            .. entries[name]
                .Select(entry => new EmbeddingCandidate(entry.Index, typed == entry.Text, entry.Origin))
                .OrderBy(candidate => candidate.Origin != NameOrigin.Asked)
                .ThenBy(candidate => !candidate.IsExact)
                .ThenBy(candidate => candidate.Origin)
                .ThenBy(candidate => candidate.Index)
                .DistinctBy(candidate => candidate.Index),
        ];
    }

    /// <summary>
    /// The number of characters that match the name, in any case; brackets may be escaped. 0 if the text does not
    /// match.
    /// </summary>
    private static int LengthAt(string text, int start, string name)
    {
        var at = start;
        foreach (var character in name)
        {
            if (character is '(' or ')' or '[' or ']' && at < text.Length && text[at] == '\\')
                at++;
            if (at >= text.Length)
                return 0;
            var isSame =
                char.ToUpperInvariant(text[at]) == char.ToUpperInvariant(character)
                || (character == '/' && text[at] == '\\');
            if (!isSame)
                return 0;
            at++;
        }

        return at - start;
    }

    private static bool BeginsWord(string text, int start)
    {
        if (start == 0 || !IsWordCharacter(text[start]))
            return true;
        var before = text[start - 1];
        return !Joins(before, text[start])
            && !(before is '-' or '.' && start > 1 && Joins(text[start - 2], text[start]));
    }

    private static bool EndsWord(string text, int end, string name)
    {
        if (end == text.Length || !IsWordCharacter(text[end - 1]))
            return true;
        var isJoined = text[end] is '-' or '.' || (text[end] is '/' or '\\' && HasPrefix(name));
        return !Joins(text[end], text[end - 1])
            && !(isJoined && end + 1 < text.Length && Joins(text[end + 1], text[end - 1]));
    }

    private static bool HasPrefix(string name) => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a character next to the edge of a name makes it part of a longer word. In scripts without spaces it does
    /// not.
    /// </summary>
    private static bool Joins(char neighbor, char edge) =>
        IsWordCharacter(neighbor)
        && !(char.IsAscii(edge) && char.GetUnicodeCategory(neighbor) == UnicodeCategory.OtherLetter);

    private static bool IsWordCharacter(char character) =>
        character == '_'
        || char.IsLetterOrDigit(character)
        || char.GetUnicodeCategory(character) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    [GeneratedRegex(@"\G<[^\s<>|][^<>|\n]*>")]
    private static partial Regex InAngles();

    [GeneratedRegex(@"^<embed(?:ding)?:(?<name>.+):(?<weight>[0-9]*\.?[0-9]+)>$", RegexOptions.IgnoreCase)]
    private static partial Regex WithWeight();

    [GeneratedRegex(@"\G[^\s,:()\[\]<>|]+")]
    private static partial Regex AfterPrefix();
}
