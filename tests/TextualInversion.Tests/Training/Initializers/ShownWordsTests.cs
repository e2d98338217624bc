using TextualInversion.Data;
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
        shown.Add("painting", [0, 1], [-0.3, -0.3]);

        Assert.Equal(["house", null, null], shown.Best());
    }

    [Fact]
    public void Best_WordThatFitsAllImagesBest_IsNotThatOfTheImageThatItFitsMost()
    {
        var shown = new ShownWords(images: 3);
        shown.Add("broken", [0, 1, 2], [double.NaN, -0.9, -0.9]);
        shown.Add("sketch", [0, 1, 2], [-0.5, -0.5, -0.9]);
        shown.Add("house", [0, 1, 2], [-0.3, 0, 0]);
        shown.Add("tree", [0, 1, 2], [0, -0.3, 0]);
        shown.Add("cat", [0, 1, 2], [0, 0, -0.2]);

        Assert.Equal(["house", "tree", "cat"], shown.Best());
    }

    [Fact]
    public void Best_WithClip_CountsItAsMuchAsTheLoss()
    {
        RankedWord[] ranked = [new(1, "night", [0.1, 0.2]), new(2, "car", [0.5, 0.1]), new(3, "cup", [0.1, 0.3])];
        var byLoss = new ShownWords(images: 2);
        var byBoth = new ShownWords(images: 2, ranked);
        foreach (var shown in new[] { byLoss, byBoth })
        {
            shown.Add("night", [0, 1], [-0.3, 0.3]);
            shown.Add("car", [0, 1], [-0.3, 0.2]);
            shown.Add("cup", [0, 1], [0.1, 0]);
        }

        Assert.Equal(["night", "cup"], byLoss.Best());
        Assert.Equal(["car", "cup"], byBoth.Best());
    }

    [Fact]
    public void Best_WordThatClipPrefersAndThatRaisesTheLoss_IsNotChosen()
    {
        RankedWord[] ranked = [new(1, "desert", [0.9, 0.1]), new(2, "dog", [0.3, 0.1])];
        var shown = new ShownWords(images: 2, ranked);
        shown.Add("desert", [0, 1], [0.3, 0]);
        shown.Add("dog", [0, 1], [-0.1, 0]);

        Assert.Equal(["dog", "desert"], shown.Best());
    }

    [Fact]
    public void Best_OneImage_HasNone()
    {
        var shown = new ShownWords(images: 1);
        shown.Add("house", [0], [-0.3]);

        Assert.Equal([null], shown.Best());
    }
}
