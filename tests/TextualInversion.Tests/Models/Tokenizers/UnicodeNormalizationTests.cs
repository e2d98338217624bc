using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Tests.Models.Tokenizers;

/// <summary>The expected values are those of Unicode's NormalizationTest.txt and Python's unicodedata.</summary>
public sealed class UnicodeNormalizationTests
{
    [Theory]
    [InlineData("cat", "cat")]
    [InlineData("e\u0301", "é")]
    [InlineData("\u212B", "Å")] // a singleton: ångström sign
    [InlineData("e\u0301\u0323", "\u1EB9\u0301")] // the lower mark composes first, in whatever order they were typed
    [InlineData("a\u0327\u0301", "á\u0327")] // a mark of another class does not block
    [InlineData("a\u0304\u0308", "\u0101\u0308")] // a mark of the same class does
    [InlineData("\u0958", "\u0915\u093C")] // excluded from composition
    [InlineData("\u0344", "\u0308\u0301")]
    [InlineData("\U000110A5\U000110BA", "\U000110AB")]
    [InlineData("\u1100\u1161", "가")]
    [InlineData("\u1100\u1161\u11A8", "각")]
    [InlineData("가\u11A8", "각")]
    [InlineData("각\u11A8", "각\u11A8")]
    [InlineData("\u0301a", "\u0301a")]
    [InlineData("\U0002F800", "\u4E3D")]
    public void Compose_Text_IsNfc(string text, string expected) =>
        Assert.Equal(expected, UnicodeNormalization.Compose(text));

    [Fact]
    public void Compose_LoneSurrogate_IsReplaced() => Assert.Equal("a\uFFFD", UnicodeNormalization.Compose("a\uD800"));

    [Fact]
    public void Compose_EverySyllable_IsItself()
    {
        for (var syllable = '\uAC00'; syllable <= '\uD7A3'; syllable++)
            Assert.Equal($"{syllable}", UnicodeNormalization.Compose($"{syllable}"));
    }
}
