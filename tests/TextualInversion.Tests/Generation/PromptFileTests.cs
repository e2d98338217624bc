using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Generation;

public sealed class PromptFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_Lines_ArePromptsWithoutEmptyOnes() =>
        Assert.Equal(["a cat", "a dog"], PromptFile.Read(folder.Write("prompts.txt", "a cat\r\n\n a dog \n")));

    [Theory]
    [InlineData("", "contains no prompt")]
    [InlineData("a\na\0b", "line 2: the prompt contains a NUL")]
    public void Read_BadText_IsRefused(string text, string expected)
    {
        var path = folder.Write("prompts.txt", text);
        var problem = Assert.Throws<TextualInversionException>(() => PromptFile.Read(path));
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EncodedSurrogate_IsRefused()
    {
        var path = folder.Write("prompts.txt", [.. "a "u8, 0xED, 0xA0, 0x80]);
        var problem = Assert.Throws<TextualInversionException>(() => PromptFile.Read(path));
        Assert.StartsWith(path, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_LoneSurrogate_IsRefused() // such strings are changed in attributes
    {
        foreach (var prompt in new[] { "a \ud800 cat", "\udc00", "cat \ud83d", "\ud83d\ude3a\ude3a" })
            Assert.Throws<TextualInversionException>(() => PromptText.Validate(prompt, "here"));
    }

    [Fact]
    public void Validate_WholeCharactersAndLength_AreChecked()
    {
        PromptText.Validate("a \ud83d\ude3a cat", "here");
        PromptText.Validate(new string('a', PromptText.MaxLength), "here");
        Assert.Throws<TextualInversionException>(() =>
            PromptText.Validate(new string('a', PromptText.MaxLength + 1), "here")
        );
    }
}
