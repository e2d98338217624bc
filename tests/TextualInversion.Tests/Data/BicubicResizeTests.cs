using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class BicubicResizeTests
{
    public static TheoryData<string> PillowCases =>
        [.. PillowFixture.Cases(PillowFixture.Resize).Select(item => item.GetString()!)];

    [Theory]
    [MemberData(nameof(PillowCases))]
    public void Resize_RandomPixels_EqualsPillow(string key)
    {
        var image = PillowFixture.Image(PillowFixture.Resize, $"{key}.input");
        var expected = PillowFixture.Image(PillowFixture.Resize, $"{key}.output");

        var actual = BicubicResize.Resize(image, expected.WidthPixels, expected.HeightPixels);

        Assert.Equal(expected.Pixels, actual.Pixels);
        Assert.Equal((expected.WidthPixels, expected.HeightPixels), (actual.WidthPixels, actual.HeightPixels));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, -1)]
    public void Resize_SideNotPositive_Throws(int width, int height) =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            BicubicResize.Resize(new RgbImage(new byte[3], 1, 1), width, height)
        );
}
