using TextualInversion.IO;

namespace TextualInversion.Tests.IO;

public sealed class PortableFileNameTests
{
    [Theory]
    [InlineData("my-cat")]
    [InlineData("bad_prompt_version2")]
    [InlineData("v1.5")]
    [InlineData("Console")]
    [InlineData("caf\u00e9")]
    [InlineData("\u732b")]
    public void Require_PortableName_IsGivenBack(string name) =>
        Assert.Equal(name, PortableFileName.Require(name, "Name"));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a:b")]
    [InlineData("a*")]
    [InlineData("<a>")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("CON")]
    [InlineData("con.v1")]
    [InlineData("lpt1")]
    [InlineData("com\u00b2.x")]
    [InlineData("conin$")]
    [InlineData("nul")]
    public void Require_OtherName_IsRefused(string name) =>
        Assert.Throws<TextualInversionException>(() => PortableFileName.Require(name, "Name"));

    [Fact]
    public void Require_HalfACharacter_IsRefused() =>
        Assert.Throws<TextualInversionException>(() => PortableFileName.Require("a\ud800", "Name"));

    [Fact]
    public void Require_LongName_IsRefused() =>
        Assert.Throws<TextualInversionException>(() => PortableFileName.Require(new string('\u732b', 60), "Name"));
}
