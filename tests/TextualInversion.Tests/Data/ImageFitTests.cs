using TextualInversion.Data;

namespace TextualInversion.Tests.Data;

public sealed class ImageFitTests
{
    [Theory]
    [InlineData(4000, 3000, 576, 448, 597, 448)] // 597.3
    [InlineData(3000, 4000, 448, 576, 448, 597)]
    [InlineData(3000, 2000, 640, 384, 640, 427)] // 426.7
    [InlineData(64, 64, 128, 128, 128, 128)]
    [InlineData(1, 1000, 64, 256, 64, 64000)]
    public void Covering_Size_IsTheSmallestThatHidesTheTarget(
        int width,
        int height,
        int targetWidth,
        int targetHeight,
        int expectedWidth,
        int expectedHeight
    ) => Assert.Equal((expectedWidth, expectedHeight), ImageFit.Covering(width, height, (targetWidth, targetHeight)));

    /// <summary>Three columns of 32 pixels become 104 x 35; the middle is kept.</summary>
    [Fact]
    public void Apply_Bucket_KeepsTheMiddleAtItsShape()
    {
        var pixels = new byte[96 * 32 * 3];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(i / 3 % 96 / 32 * 100);
        var image = new RgbImage(pixels, 96, 32);

        var target = ImageFit.Target(image, CropMode.Bucket, 64);
        var fitted = ImageFit.Apply(image, CropMode.Bucket, target);

        Assert.Equal((104, 32), target);
        Assert.Equal((104, 32), (fitted.WidthPixels, fitted.HeightPixels));
        Assert.Equal([0, 100, 200], new[] { 4, 52, 99 }.Select(x => (int)fitted.Pixels[(16 * 104 + x) * 3]));
    }

    [Fact]
    public void Target_OtherCrops_IsTheSquare()
    {
        var image = new RgbImage(new byte[6], 2, 1);
        Assert.All(
            [CropMode.Center, CropMode.Squash],
            crop => Assert.Equal((64, 64), ImageFit.Target(image, crop, 64))
        );
    }
}
