using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Generation;

public sealed class PromptChunkTests
{
    private static readonly ClipTokenizer Tokenizer = DemoTokenizer.Instance;

    [Theory]
    [InlineData("")]
    [InlineData("a photo of a red cat")]
    public void Split_ShortPromptWithoutSyntax_IsWhatTheTokenizerGives(string prompt)
    {
        var tokenizer = new PromptTokenizer(Tokenizer, []);
        var chunk = Assert.Single(PromptChunk.Split(prompt, tokenizer));
        Assert.Equal(tokenizer.Tokenize(prompt).Ids, chunk.Prompt.Ids);
        Assert.Equal(tokenizer.Tokenize(prompt).EndOfTextPosition, chunk.Prompt.EndOfTextPosition);
        Assert.False(chunk.IsWeighted);
    }

    [Fact]
    public void Split_Weights_LieOnTheTokensOfTheirWords()
    {
        var chunk = Assert.Single(PromptChunk.Split("a (red:1.5) cat", new PromptTokenizer(Tokenizer, [])));
        Assert.Equal([1, 1, 1.5f, 1, 1], chunk.Weights[..5]);
        Assert.Equal(DemoTokenizer.Id("red"), chunk.Prompt.Ids[2]);
        Assert.All(chunk.Weights[5..], weight => Assert.Equal(1, weight));
    }

    [Fact]
    public void Split_TwoHundredTokens_LosesNone()
    {
        var tokenizer = new PromptTokenizer(Tokenizer, []);
        var chunks = PromptChunk.Split(string.Join(' ', Enumerable.Repeat("cat", 200)), tokenizer);
        Assert.Equal([75, 75, 50], chunks.Select(chunk => chunk.Prompt.EndOfTextPosition - 1));
        Assert.All(chunks, chunk => Assert.Equal(77, chunk.Prompt.Ids.Count));
    }

    [Fact]
    public void Split_CommaNearTheEndOfAChunk_TheRestMovesOn()
    {
        var prompt =
            string.Join(' ', Enumerable.Repeat("cat", 69)) + ", " + string.Join(' ', Enumerable.Repeat("dog", 10));
        var chunks = PromptChunk.Split(prompt, new PromptTokenizer(Tokenizer, []));
        Assert.Equal([70, 10], chunks.Select(chunk => chunk.Prompt.EndOfTextPosition - 1));
    }

    [Fact]
    public void Split_Break_BeginsAChunk()
    {
        var chunks = PromptChunk.Split("a cat BREAK a red dog BREAK", new PromptTokenizer(Tokenizer, []));
        Assert.Equal([2, 3], chunks.Select(chunk => chunk.Prompt.EndOfTextPosition - 1));
    }

    [Fact]
    public void Split_EmbeddingAtTheEndOfAChunk_StaysWhole()
    {
        var tokenizer = new PromptTokenizer(Tokenizer, [Placeholder.Parse("my-cat", 4)]);
        var chunks = PromptChunk.Split(string.Join(' ', Enumerable.Repeat("dog", 73)) + " (<my-cat>:0.7)", tokenizer);
        Assert.Equal([73, 4], chunks.Select(chunk => chunk.Prompt.EndOfTextPosition - 1));
        Assert.Equal(Enumerable.Range(Tokenizer.VocabularySize, 4), chunks[1].Prompt.Ids.Skip(1).Take(4));
        Assert.Equal([1, 0.7f, 0.7f, 0.7f, 0.7f, 1], chunks[1].Weights[..6]);
    }
}
