using TextualInversion.Data;
using TextualInversion.Training.Data;

namespace TextualInversion.Tests.Training.Data;

public sealed class HeldOutImageTests
{
    [Theory]
    [InlineData(5, false)]
    [InlineData(2, true)]
    public void Require_Enough_Passes(int count, bool described) => HeldOutImage.Require(Images(count, described));

    [Theory]
    [InlineData(4, false)]
    [InlineData(1, true)]
    public void Require_TooFew_Throws(int count, bool described)
    {
        var error = Assert.Throws<TextualInversionException>(() => HeldOutImage.Require(Images(count, described)));
        Assert.Equal(
            $"HoldOut needs 5 images, or 2 that have captions, and there are {count}; add images, or a text file with "
                + "a caption next to each.",
            error.Message
        );
    }

    [Fact]
    public void Split_HoldOut_SparesTheLast()
    {
        var (learned, heldOut) = HeldOutImage.Split(Images(5, false), new TrainOptions { HoldOut = true });
        Assert.Equal([0, 1, 2, 3], learned);
        Assert.Equal(4, heldOut);
    }

    [Fact]
    public void Split_Default_LearnsFromAll()
    {
        var (learned, heldOut) = HeldOutImage.Split(Images(2, false), new TrainOptions());
        Assert.Equal([0, 1], learned);
        Assert.Null(heldOut);
    }

    private static List<TrainingImage> Images(int count, bool described) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new TrainingImage(
                    $"{i}.png",
                    new RgbImage(new byte[3], 1, 1),
                    "",
                    1,
                    1,
                    described ? "a cat" : null
                )),
        ];
}
