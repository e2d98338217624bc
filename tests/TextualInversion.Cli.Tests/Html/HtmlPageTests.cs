using TextualInversion.Cli.Html;

namespace TextualInversion.Cli.Tests.Html;

public sealed class HtmlPageTests
{
    [Fact]
    public void Write_Title_IsEscaped() =>
        Assert.Contains("<title>&lt;my-cat&gt; &amp; more</title>", HtmlPage.Write("<my-cat> & more", Markup.Empty));

    [Fact]
    public void Write_Styles_AreInThePage()
    {
        var page = HtmlPage.Write("a", Markup.Raw("<p>b</p>"), LineChart.Style);

        Assert.Contains("prefers-color-scheme: dark", page);
        Assert.Contains(".legend {", page);
        Assert.Contains("<p>b</p>", page);
        Assert.Contains("width=device-width", page);
        Assert.StartsWith("<!doctype html>", page);
    }

    [Fact]
    public void Read_UnknownStylesheet_IsRefused() =>
        Assert.Throws<ArgumentException>("name", () => Stylesheet.Read("other.css"));

    [Fact]
    public void Stylesheets_All_NeedNothingElse()
    {
        var assembly = typeof(Stylesheet).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.EndsWith(".css", StringComparison.Ordinal));

        Assert.All(
            names,
            name =>
            {
                var css = Stylesheet.Read(name).ToString();
                Assert.DoesNotContain("</style", css, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("url(", css, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("@import", css, StringComparison.OrdinalIgnoreCase);
            }
        );
    }
}
