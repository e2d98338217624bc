using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Tests.Models.Tokenizers;

public sealed class PlaceholderTests
{
    [Theory]
    [InlineData("my-cat", "<my-cat>")]
    [InlineData("<my-cat>", "<my-cat>")]
    [InlineData("my_cat.2", "<my_cat.2>")]
    [InlineData("mein-kätzchen", "<mein-kätzchen>")]
    [InlineData("sks", "sks")]
    [InlineData("<sks>", "<sks>")]
    [InlineData("MyCat2", "MyCat2")]
    [InlineData("*", "*")]
    [InlineData("--", "--")]
    [InlineData("<my-cat>_1", "<my-cat>_1")]
    [InlineData("my-cat!", "my-cat!")]
    public void Parse_Text_WrapsOnlyBareJoinedNames(string text, string expected) =>
        Assert.Equal(expected, Placeholder.Parse(text).Name);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("<>")]
    public void Parse_NoName_AsksForOne(string text)
    {
        var error = Assert.Throws<TextualInversionException>(() => Placeholder.Parse(text));
        Assert.Equal("The placeholder has no name. Give one, such as my-cat.", error.Message);
    }

    [Theory]
    [InlineData("my cat", "my cat")]
    [InlineData("<my\u00A0cat>", "<my\u00A0cat>")]
    [InlineData("my-cat\n", "my-cat\uFFFD")]
    [InlineData("my\u0001cat", "my\uFFFDcat")]
    public void Parse_SpaceOrControlCharacter_SaysSo(string text, string shown)
    {
        var error = Assert.Throws<TextualInversionException>(() => Placeholder.Parse(text));
        Assert.Equal(
            $"The placeholder \"{shown}\" holds a space or a control character. Join its words, as in my-cat.",
            error.Message
        );
    }

    /// <summary>The weights of prompts would take the brackets away, and the embedding would never be called.</summary>
    [Theory]
    [InlineData("(my-cat)")]
    [InlineData("[cat|dog]")]
    [InlineData("my-{}")]
    public void New_MarksOfPrompts_AreRefused(string text)
    {
        var error = Assert.Throws<TextualInversionException>(() => Placeholder.New(text, 1));
        Assert.Contains("mean something else in prompts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_NoVectors_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Placeholder.Parse("my-cat", 0));
}
