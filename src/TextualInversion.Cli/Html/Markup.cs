using System.Text;

namespace TextualInversion.Cli.Html;

/// <summary>Finished HTML. Text becomes HTML only through <see cref="Of"/>, which escapes it.</summary>
internal readonly struct Markup
{
    private readonly string? markup;

    private Markup(string markup) => this.markup = markup;

    public static Markup Empty => default;

    public bool IsEmpty => string.IsNullOrEmpty(markup);

    /// <summary>
    /// Markup with values in it, such as <c>$"&lt;b&gt;{name}&lt;/b&gt;"</c>. Values are escaped unless they are HTML.
    /// </summary>
    public static Markup Of(MarkupHandler markup) => new(markup.ToString());

    /// <summary>Text that is HTML or CSS already. Only for constants of the program.</summary>
    public static Markup Raw(string markup) => new(markup);

    /// <summary>One part after the other.</summary>
    public static Markup Concat(params IEnumerable<Markup> parts)
    {
        var all = new StringBuilder();
        foreach (var part in parts)
            all.Append(part.markup);
        return new Markup(all.ToString());
    }

    public override string ToString() => markup ?? "";
}
