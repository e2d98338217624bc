using TextualInversion.IO;

namespace TextualInversion.Tests.IO;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("<my-cat> ☃", "<my-cat> ☃")]
    [InlineData("\u001b]0;x\u0007 a\r\nb", "\uFFFD]0;x\uFFFD a\uFFFD\uFFFDb")]
    public void Of_Text_HasNoControlCharacters(string text, string expected) =>
        Assert.Equal(expected, PrintableText.Of(text));
}
