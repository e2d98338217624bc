using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace TextualInversion.Cli.Html;

/// <summary>
/// Builds HTML from an interpolated string: the literal parts are markup, every value is escaped. Numbers have the
/// invariant form. A value in <c>href</c> or <c>src</c> that could run a script becomes <c>#</c>.
/// </summary>
[InterpolatedStringHandler]
internal readonly ref struct MarkupHandler(int literalLength, int formattedCount)
{
    private const int ValueLength = 16;
    private static readonly string[] SafeUrls = ["data:image/", "https://", "http://"];

    private readonly StringBuilder html = new(literalLength + ValueLength * formattedCount);

    public void AppendLiteral(string markup) => html.Append(markup);

    public void AppendFormatted(Markup markup) => html.Append(markup.ToString());

    public void AppendFormatted(IEnumerable<Markup> parts) => html.Append(Markup.Concat(parts).ToString());

    public void AppendFormatted<T>(T value, string? format = null)
        where T : IFormattable => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));

    /// <exception cref="ArgumentException">
    /// The value would be an attribute without quotes, which no escaping makes safe.
    /// </exception>
    public void AppendFormatted(string? text)
    {
        if (EndsWith("="))
            throw new ArgumentException($"Put quotes around the attribute: {html}{{…}}", nameof(text));
        if ((EndsWith("href=\"") || EndsWith("src=\"")) && !IsSafeUrl(text ?? ""))
            text = "#";
        html.Append(WebUtility.HtmlEncode(text));
    }

    public override string ToString() => html.ToString();

    private bool EndsWith(string end)
    {
        var start = html.Length - end.Length;
        return start >= 0 && html.ToString(start, end.Length).Equals(end, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a URL has one of the known schemes, or none: no colon before its first slash.</summary>
    private static bool IsSafeUrl(string url) =>
        !url.Split('/', '?', '#')[0].Contains(':', StringComparison.Ordinal)
        || Array.Exists(SafeUrls, safe => url.StartsWith(safe, StringComparison.OrdinalIgnoreCase));
}
