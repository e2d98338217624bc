using TextualInversion.Cli.Train;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train;

public sealed class InitializerPiecesTests
{
    [Theory]
    [InlineData("purpel cat", "purpel", "purple")]
    [InlineData("kat", "kat", "cat")]
    public void Warnings_MisspeltWord_NamesItsPiecesAndTheNearestWord(string phrase, string word, string nearest)
    {
        var warning = Assert.Single(InitializerPieces.Warnings(DemoTokenizer.Instance, phrase));
        Assert.StartsWith($"the initializer's \"{word}\" is not one word", warning, StringComparison.Ordinal);
        Assert.EndsWith($"the nearest whole word is \"{nearest}\"", warning, StringComparison.Ordinal);
        foreach (var id in DemoTokenizer.Instance.Encode(word))
            Assert.Contains(DemoTokenizer.Instance.TokenText(id), warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Warnings_WholeWords_AreNone() =>
        Assert.Empty(InitializerPieces.Warnings(DemoTokenizer.Instance, "purple cat"));

    [Fact]
    public void Warnings_NameOfAnEmbedding_SaysThatItIsReadAsWords() =>
        Assert.Contains(
            InitializerPieces.Warnings(DemoTokenizer.Instance, "<my-cat>"),
            warning => warning.Contains("name its file", StringComparison.Ordinal)
        );
}
