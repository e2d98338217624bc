using TextualInversion.Generation;

namespace TextualInversion.Tests.Generation;

public sealed class EmbeddingNamesTests
{
    [Theory]
    [InlineData("a cat", "a cat")]
    [InlineData("blur, EasyNegative", "blur, <easy>")]
    [InlineData("(easynegative:0.7)", "(<easy>:0.7)")]
    [InlineData("embedding:EasyNegative, blur", "<easy>, blur")]
    [InlineData("(embedding:EasyNegative.safetensors:1.2)", "(<easy>:1.2)")]
    [InlineData(
        "<easy> EasyNegatives NotEasyNegative EasyNegative-2",
        "<easy> EasyNegatives NotEasyNegative EasyNegative-2"
    )]
    public void Resolve_NamesOfOtherPrograms_BecomeTheTrigger(string prompt, string expected) =>
        Assert.Equal(expected, EmbeddingNames.Resolve(prompt, "embeddings/EasyNegative.pt", "<easy>"));

    [Theory]
    [InlineData("a <my-cat> and my-cat", "a <my-cat> and <my-cat>")]
    [InlineData("a <MY-CAT>", "a <MY-CAT>")]
    public void Resolve_TheTriggerItself_Stays(string prompt, string expected) =>
        Assert.Equal(expected, EmbeddingNames.Resolve(prompt, "my-cat.safetensors", "<my-cat>"));

    [Theory]
    [InlineData("a cat", "a cat")]
    [InlineData("embedding:cat", "<cat>")]
    public void Resolve_OrdinaryWordAsFileName_NeedsThePrefix(string prompt, string expected) =>
        Assert.Equal(expected, EmbeddingNames.Resolve(prompt, "cat.safetensors", "<cat>"));
}
