using System.Buffers;
using System.Text;
using TextualInversion.IO;

namespace TextualInversion.Models.Tokenizers;

/// <summary>The text in prompts that stands for all <see cref="Vectors"/> of an embedding, in order.</summary>
internal sealed record Placeholder
{
    private static readonly SearchValues<char> PromptMarks = SearchValues.Create(@"()[]{}|\");

    private Placeholder(string name, int vectors)
    {
        Name = name;
        Vectors = vectors;
    }

    /// <summary>The token as prompts contain it, in any case: <c>&lt;my-cat&gt;</c>.</summary>
    public string Name { get; }

    public int Vectors { get; }

    /// <summary>
    /// Parses what the user typed. A bare name of letters and digits with at least one <c>-</c>, <c>_</c> or <c>.</c>
    /// among them (my-cat) is put in angle brackets, since brackets on the command line would be a redirection.
    /// Everything else is kept as it is: <c>&lt;my-cat&gt;</c>, <c>sks</c>.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// The name is empty or contains white space or control characters.
    /// </exception>
    public static Placeholder Parse(string text, int vectors = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        if (string.IsNullOrWhiteSpace(text) || text == "<>")
            throw new TextualInversionException("The placeholder has no name. Give one, such as my-cat.");
        if (text.EnumerateRunes().Any(rune => Rune.IsWhiteSpace(rune) || Rune.IsControl(rune)))
            throw new TextualInversionException(
                $"The placeholder \"{PrintableText.Of(text)}\" holds a space or a control character. Join its words, "
                    + $"as in my-cat."
            );
        return new Placeholder(IsBareName(text) ? $"<{text}>" : text, vectors);
    }

    /// <summary>The same for an embedding that is to be trained.</summary>
    /// <exception cref="TextualInversionException">
    /// As in <see cref="Parse"/>; or characters of the name mean something else in prompts, which would never call it.
    /// </exception>
    public static Placeholder New(string text, int vectors)
    {
        var placeholder = Parse(text, vectors);
        return placeholder.Name.AsSpan().ContainsAny(PromptMarks)
            ? throw new TextualInversionException(
                $"The placeholder \"{text}\" holds one of ( ) [ ] {{ }} | \\, which mean something else in prompts. "
                    + "Choose another, such as my-cat."
            )
            : placeholder;
    }

    public override string ToString() => Name;

    private static bool IsBareName(string text)
    {
        var others = text.EnumerateRunes().Where(rune => !Rune.IsLetterOrDigit(rune)).ToList();
        return others.Count > 0 && others.Count < text.Length && others.All(rune => rune.Value is '-' or '_' or '.');
    }
}
