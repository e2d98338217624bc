using System.Globalization;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// CLIP's steps before BPE, as in transformers' <c>tokenization_clip.py</c>: NFC, lower case, then the matches of
/// <c>&lt;|startoftext|&gt;|&lt;|endoftext|&gt;|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+</c>. It works
/// on code points; a .NET regex would see the UTF-16 halves of letters and digits beyond U+FFFF.
/// </summary>
internal sealed class ClipPreTokenizer : PreTokenizer
{
    private static readonly string[] SpecialNames = ["startoftext", "endoftext"];
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        WhiteSpace,
        Letter,
        Number,
        Other,
    }

    /// <summary>
    /// NFC and the lower case of each character by itself (Rust's <c>char::to_lowercase</c>, without the final sigma).
    /// The original replaces runs of white space with one space; that is not needed here, since
    /// <see cref="PreTokenize(string)"/> drops all white space.
    /// </summary>
    public static string Normalize(string text)
    {
        var lower = new StringBuilder(text.Length);
        foreach (var rune in UnicodeNormalization.Compose(text).EnumerateRunes())
        {
            // The only character whose lower case has two.
            if (rune.Value == 'İ')
                lower.Append("i\u0307");
            else
                lower.Append(Rune.ToLowerInvariant(rune).ToString());
        }

        return lower.ToString();
    }

    /// <summary>The words of a normalized text as UTF-16 offsets and lengths. White space belongs to no word.</summary>
    public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
    {
        for (var position = 0; position < text.Length; )
        {
            if (SpecialNames.FirstOrDefault(name => StartsWith(text, position, $"<|{name}|>")) is { } special)
            {
                // One match, which the byte level splits again.
                yield return (position, 2);
                yield return (position + 2, special.Length);
                yield return (position + 2 + special.Length, 2);
                position += special.Length + 4;
                continue;
            }

            var (kind, length) = WordAt(text, position);
            if (kind != Kind.WhiteSpace)
                yield return (position, length);
            position += length;
        }
    }

    public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) =>
        PreTokenize(text.ToString());

    private static (Kind Kind, int Length) WordAt(string text, int position)
    {
        if (Contractions.FirstOrDefault(candidate => StartsWith(text, position, candidate)) is { } contraction)
            return (Kind.Other, contraction.Length);
        var (kind, length) = KindAt(text, position);
        if (kind == Kind.Number)
            return (kind, length); // each digit separately
        while (position + length < text.Length && KindAt(text, position + length) is var next && next.Kind == kind)
            length += next.Length;
        return (kind, length);
    }

    private static (Kind Kind, int Length) KindAt(string text, int position)
    {
        Rune.DecodeFromUtf16(text.AsSpan(position), out var rune, out var length);
        if (Rune.IsWhiteSpace(rune))
            return (Kind.WhiteSpace, length);
        if (Rune.IsLetter(rune))
            return (Kind.Letter, length);
        var isNumber =
            Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber
                or UnicodeCategory.OtherNumber;
        return (isNumber ? Kind.Number : Kind.Other, length);
    }

    private static bool StartsWith(string text, int position, string prefix) =>
        text.AsSpan(position).StartsWith(prefix, StringComparison.Ordinal);
}
