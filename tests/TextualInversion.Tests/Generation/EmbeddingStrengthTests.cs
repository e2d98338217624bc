using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

public sealed class EmbeddingStrengthTests
{
    /// <summary>Vectors beyond the initializer's words start from the vocabulary's mean, as in training.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Apply_MoreVectorsThanWords_GoesFromWhereTrainingStarted(double strength)
    {
        using var scope = NewDisposeScope();
        var tokenizer = DemoTokenizer.Instance;
        var vocabulary = rand([tokenizer.VocabularySize, 4], generator: new Generator(1));
        var learned = rand([3, 4], generator: new Generator(2));
        var neutral = vocabulary.mean([0]);
        var start = stack([vocabulary[tokenizer.Encode("cat").Single()], neutral, neutral]); // (3, 4)

        var rows = EmbeddingStrength.Apply(learned, "cat", tokenizer, vocabulary, strength);

        Assert.True(rows.allclose(start + ((learned - start) * strength)));
    }
}
