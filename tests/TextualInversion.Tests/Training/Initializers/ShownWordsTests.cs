using TextualInversion.Training.Initializers;

namespace TextualInversion.Tests.Training.Initializers;

public sealed class ShownWordsTests
{
    [Fact]
    public void Best_WordThatFitsAllImages_IsNoImagesWord()
    {
        var shown = new ShownWords(images: 2);
        shown.Add("painting", [0, 1, 0, 1], [-0.9, -0.9, -0.9, -0.9]);
        shown.Add("house", [0, 1, 0, 1], [-0.3, 0, -0.1, 0]);
        shown.Add("tree", [0, 1], [0.1, -0.1]);
        shown.Add("tree", [0, 1], [0.1, -0.1]); // another round

        Assert.Equal(["house", "tree"], shown.Best());
    }

    [Fact]
    public void Best_ImageThatNoWordSetsApartOrThatWasNotMeasured_HasNone()
    {
        var shown = new ShownWords(images: 3);
        shown.Add("house", [0, 1], [-0.3, 0]);
        shown.Add("tree", [0, 1], [0, -0.01]);

        Assert.Equal(["house", null, null], shown.Best());
    }

    [Fact]
    public void Best_OneImage_HasNone()
    {
        var shown = new ShownWords(images: 1);
        shown.Add("house", [0], [-0.3]);

        Assert.Equal([null], shown.Best());
    }
}
