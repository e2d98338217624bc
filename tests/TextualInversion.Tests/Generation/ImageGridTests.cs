using TextualInversion.Data;
using TextualInversion.Generation;

namespace TextualInversion.Tests.Generation;

public sealed class ImageGridTests
{
    [Fact]
    public void Compose_ImagesOfARaggedGrid_LieInRows()
    {
        var sheet = ImageGrid.Compose(
            [
                [Plain(10), Plain(20)],
                [Plain(30)],
            ],
            [],
            []
        );

        Assert.Equal((2 * 20 + 3 * 4, 2 * 16 + 3 * 4), (sheet.WidthPixels, sheet.HeightPixels));
        Assert.Equal(10, At(sheet, 4, 4));
        Assert.Equal(20, At(sheet, 4 + 24, 4 + 15));
        Assert.Equal(30, At(sheet, 4, 4 + 20));
        Assert.Equal(255, At(sheet, 4 + 24, 4 + 20));
        Assert.Equal(255, At(sheet, 0, 0));
    }

    [Fact]
    public void Compose_ALabelForEachImage_StandsAboveEachRow()
    {
        var sheet = ImageGrid.Compose(
            [
                [Plain(10), Plain(20)],
                [Plain(30)],
            ],
            ["a", "b", "c"],
            []
        );

        var top = (sheet.HeightPixels - 2 * 16 - 4) / 2;
        Assert.Equal(20, At(sheet, 4 + 24, top));
        Assert.Equal(30, At(sheet, 4, top + 16 + top));
        Assert.Equal(255, At(sheet, 4, top + 16));
    }

    [Fact]
    public void Compose_Labels_AreAboveAndOnTheLeft()
    {
        var bare = ImageGrid.Compose(
            [
                [Plain(10)],
            ],
            [],
            []
        );
        var sheet = ImageGrid.Compose(
            [
                [Plain(10)],
            ],
            ["100%d"],
            ["seed 1"]
        );

        Assert.True(sheet.WidthPixels > bare.WidthPixels && sheet.HeightPixels > bare.HeightPixels);
        Assert.Equal(10, At(sheet, sheet.WidthPixels - 5, sheet.HeightPixels - 5));
        var (left, top) = (sheet.WidthPixels - 20 - 4, sheet.HeightPixels - 16 - 4);
        Assert.True(Ink(left, 0, sheet.WidthPixels, top), "above");
        Assert.True(Ink(0, top, left, sheet.HeightPixels), "on the left");

        bool Ink(int x0, int y0, int x1, int y1) =>
            Enumerable.Range(y0, y1 - y0).Any(y => Enumerable.Range(x0, x1 - x0).Any(x => At(sheet, x, y) < 128));
    }

    [Theory]
    [InlineData("a", 6)]
    [InlineData("ab", 12)]
    [InlineData("a\U0001F408", 12)] // a letter beyond ASCII becomes one box
    public void Measure_Text_IsSixPixelsALetter(string text, int expected) =>
        Assert.Equal((expected, 2 * expected), (LabelFont.Measure(text, 1), LabelFont.Measure(text, 2)));

    [Fact]
    public void Cut_LongText_FitsAndSaysSo()
    {
        Assert.Equal("seed 1", LabelFont.Cut("seed 1", 36, 1));
        Assert.Equal("see..", LabelFont.Cut("seed 1", 35, 1));
        Assert.Equal("..", LabelFont.Cut("seed 1", 3, 1));
    }

    [Fact]
    public void Draw_AllCharacters_AreDifferent()
    {
        var drawn = Enumerable.Range(' ', 95).Append('\u00e9').Select(character => Draw(((char)character).ToString()));
        Assert.Equal(96, drawn.Distinct().Count());

        static string Draw(string text)
        {
            var image = new RgbImage([.. Enumerable.Repeat(byte.MaxValue, 5 * 7 * 3)], 5, 7);
            LabelFont.Draw(image, text, 0, 0, 1);
            return Convert.ToHexString(image.Pixels);
        }
    }

    private static RgbImage Plain(byte value) => new([.. Enumerable.Repeat(value, 20 * 16 * 3)], 20, 16);

    private static byte At(RgbImage image, int x, int y) => image.Pixels[(y * image.WidthPixels + x) * 3];
}
