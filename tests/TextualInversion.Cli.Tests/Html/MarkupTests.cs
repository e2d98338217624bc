using System.Xml.Linq;
using TextualInversion.Cli.Html;

namespace TextualInversion.Cli.Tests.Html;

public sealed class MarkupTests
{
    private const string Hostile = "\"'><script>alert(1)</script>&amp;";

    [Fact]
    public void Of_TextOfUsers_IsTextAgainForAParser()
    {
        var element = Parse(Markup.Of($"<p>{Hostile}</p>"));

        Assert.Equal(Hostile, element.Value);
        Assert.Empty(element.Elements());
    }

    [Fact]
    public void Of_AttributeInDoubleQuotes_HoldsTheWholeText()
    {
        var element = Parse(Markup.Of($"<p title=\"{Hostile}\"/>"));

        Assert.Equal(Hostile, (string?)Assert.Single(element.Attributes()));
    }

    [Fact]
    public void Of_AttributeInSingleQuotes_HoldsTheWholeText()
    {
        var element = Parse(Markup.Of($"<p title='{Hostile}'/>"));

        Assert.Equal(Hostile, (string?)Assert.Single(element.Attributes()));
    }

    [Fact]
    public void Of_AttributeWithoutQuotes_IsRefused() =>
        Assert.Throws<ArgumentException>("text", () => Markup.Of($"<p title={Hostile}>"));

    [Theory]
    [InlineData("javascript:alert(1)")]
    [InlineData("JavaScript:alert(1)")]
    [InlineData(" javascript:alert(1)")]
    [InlineData("java\tscript:alert(1)")]
    [InlineData("\u0001javascript:alert(1)")]
    [InlineData("vbscript:x")]
    [InlineData("data:text/html,<script>alert(1)</script>")]
    public void Of_UrlThatRunsAScript_LeadsNowhere(string url)
    {
        Assert.Equal("#", (string?)Parse(Markup.Of($"<a href=\"{url}\"/>")).Attribute("href"));
        Assert.Equal("#", (string?)Parse(Markup.Of($"<img SRC=\"{url}\"/>")).Attribute("SRC"));
    }

    [Theory]
    [InlineData("data:image/jpeg;base64,/9j/4AAQ+8=")]
    [InlineData("https://example.com/a?b=c&d=e")]
    [InlineData("runs/my-cat/report.html")]
    [InlineData("a/b:c")]
    [InlineData("#settings")]
    [InlineData("")]
    public void Of_HarmlessUrl_Stays(string url) =>
        Assert.Equal(url, (string?)Parse(Markup.Of($"<a href=\"{url}\"/>")).Attribute("href"));

    [Fact]
    public void Of_Markup_IsNotEscapedAgain()
    {
        var bold = Markup.Of($"<b>{"a & b"}</b>");

        Assert.Equal("<p><b>a &amp; b</b></p>", Markup.Of($"<p>{bold}</p>").ToString());
        Assert.Equal(
            "<p><b>a &amp; b</b><b>a &amp; b</b></p>",
            Markup.Of($"<p>{new List<Markup> { bold, bold }}</p>").ToString()
        );
    }

    [Fact]
    public void Of_NothingAsText_IsEmpty() => Assert.Equal("<p></p>", Markup.Of($"<p>{(string?)null}</p>").ToString());

    [Fact]
    public void Of_Numbers_HaveTheInvariantForm() =>
        Assert.Equal("1234.50 7 1000000", Markup.Of($"{1234.5:F2} {7} {1_000_000ul}").ToString());

    [Fact]
    public void Raw_Text_IsTakenAsItIs() => Assert.Equal("<b>&amp;</b>", Markup.Raw("<b>&amp;</b>").ToString());

    [Fact]
    public void IsEmpty_Default_IsTrue()
    {
        Assert.True(Markup.Empty.IsEmpty);
        Assert.True(Markup.Concat().IsEmpty);
        Assert.False(Markup.Of($"{1}").IsEmpty);
        Assert.Equal("", default(Markup).ToString());
    }

    private static XElement Parse(Markup markup) =>
        XElement.Parse(markup.ToString(), System.Xml.Linq.LoadOptions.PreserveWhitespace);
}
