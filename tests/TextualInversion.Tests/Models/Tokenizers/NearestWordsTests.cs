using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Tokenizers;

public sealed class NearestWordsTests : IDisposable
{
    // (V + 3, 2): a table may be longer than its vocabulary.
    private readonly Tensor table = tensor(new[] { 0f, 1 }).repeat(DemoTokenizer.Instance.VocabularySize + 3, 1);

    public NearestWordsTests()
    {
        table[DemoTokenizer.Id("cat")] = tensor(new[] { 3f, 4 });
        table[DemoTokenizer.Id("dog")] = tensor(new[] { 4f, -3 });
        table[DemoTokenizer.Instance.VocabularySize] = tensor(new[] { 1f, 0 }); // not a word's embedding
    }

    public void Dispose() => table.Dispose();

    /// <summary>
    /// (4, 3) has the cosine 24 / 25 with cat's (3, 4), 7 / 25 with dog's (4, -3), and 3 / 5 with all the others' (0,
    /// 1). (8, -6) is twice dog's.
    /// </summary>
    [Fact]
    public void Find_Rows_GivesTheirNearestWordsByCosine()
    {
        using var words = new NearestWords(DemoTokenizer.Instance, table);
        using var learned = tensor(new[] { 4f, 3, 8, -6 }).view(2, 2);

        var found = words.Find(learned, 2);

        Assert.Equal(("cat", 0.96), (found[0][0].Word, Math.Round(found[0][0].Cosine, 6)));
        Assert.Equal(0.6, found[0][1].Cosine, 6);
        Assert.Equal(("dog", 1.0), (found[1][0].Word, Math.Round(found[1][0].Cosine, 6)));
    }

    [Fact]
    public void Find_MoreThanThereAre_GivesAll()
    {
        using var words = new NearestWords(DemoTokenizer.Instance, table);
        using var learned = ones(1, 2);

        Assert.Equal(DemoTokenizer.Instance.VocabularySize, words.Find(learned, 1_000_000)[0].Count);
    }

    [Fact]
    public void Find_RowOfZeros_IsNearNothing()
    {
        using var words = new NearestWords(DemoTokenizer.Instance, table);
        using var learned = zeros(1, 2);

        Assert.Equal(0, words.Find(learned, 1)[0][0].Cosine);
    }

    [Fact]
    public void Norms_Table_AreThoseOfTheVocabularyAlone()
    {
        using var words = new NearestWords(DemoTokenizer.Instance, table);
        var count = DemoTokenizer.Instance.VocabularySize;

        Assert.Equal((1, 5), (words.Norms.Smallest, words.Norms.Largest));
        Assert.Equal((count - 2 + 10.0) / count, words.Norms.Mean, 4);
    }
}
