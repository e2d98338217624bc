using TextualInversion.Data;

namespace TextualInversion.Tests.Data;

public sealed class RgbImageTests
{
    // Margins as NumPy slices them: [(h - crop) // 2 : (h + crop) // 2].
    [Theory]
    [InlineData(3, 3, new byte[] { 0, 1, 2, 10, 11, 12, 20, 21, 22 })]
    [InlineData(5, 2, new byte[] { 1, 2, 11, 12 })]
    [InlineData(6, 2, new byte[] { 2, 3, 12, 13 })]
    [InlineData(2, 5, new byte[] { 10, 11, 20, 21 })]
    [InlineData(1, 4, new byte[] { 10 })]
    public void CropCenter_AnyShape_KeepsTheMiddle(int width, int height, byte[] expected)
    {
        var pixels = new byte[width * height * 3];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(i / 3 / width * 10 + i / 3 % width + 100 * (i % 3));

        var cropped = new RgbImage(pixels, width, height).CropCenter();

        var side = Math.Min(width, height);
        Assert.Equal((side, side), (cropped.WidthPixels, cropped.HeightPixels));
        Assert.Equal(
            expected.SelectMany(value => new[] { value, (byte)(value + 100), (byte)(value + 200) }),
            cropped.Pixels
        );
    }
}
