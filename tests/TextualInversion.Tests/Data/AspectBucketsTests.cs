using TextualInversion.Data;

namespace TextualInversion.Tests.Data;

public sealed class AspectBucketsTests
{
    /// <summary>
    /// The results of kohya's <c>make_bucket_resolutions((512, 512), 256, 1024, 64)</c>, and a quarter of them.
    /// </summary>
    [Theory]
    [InlineData(512, 1)]
    [InlineData(128, 4)]
    [InlineData(64, 8)]
    public void Of_Resolution_AreKohyasSizes(int resolution, int smaller)
    {
        (int, int)[] kohya =
        [
            (256, 832),
            (256, 896),
            (256, 960),
            (256, 1024),
            (320, 704),
            (320, 768),
            (384, 640),
            (448, 576),
            (512, 512),
            (576, 448),
            (640, 384),
            (704, 320),
            (768, 320),
            (832, 256),
            (896, 256),
            (960, 256),
            (1024, 256),
        ];
        Assert.Equal(
            kohya.Select(size => (size.Item1 / smaller, size.Item2 / smaller)),
            AspectBuckets.Of(resolution).Order()
        );
    }

    [Theory]
    [InlineData(8)]
    [InlineData(24)]
    [InlineData(520)]
    [InlineData(768)]
    [InlineData(1024)]
    [InlineData(4096)]
    public void Of_AnyResolution_HasTheSquareAndNoSizeWithMorePixelsOrBrokenCells(int resolution)
    {
        var sizes = AspectBuckets.Of(resolution);

        Assert.Equal((resolution, resolution), sizes[0]);
        Assert.All(
            sizes,
            size =>
                Assert.True(
                    size.WidthPixels * size.HeightPixels <= resolution * resolution
                        && size.WidthPixels % 8 == 0
                        && size.HeightPixels % 8 == 0
                        && size.WidthPixels > 0
                )
        );
        Assert.All(sizes, size => Assert.Contains((size.HeightPixels, size.WidthPixels), sizes));
    }

    [Theory]
    [InlineData(100, 100, 512, 512)]
    [InlineData(4000, 3000, 576, 448)]
    [InlineData(3000, 4000, 448, 576)]
    [InlineData(3000, 2000, 640, 384)]
    [InlineData(1920, 1080, 640, 384)]
    [InlineData(10, 1000, 256, 1024)]
    [InlineData(1000, 900, 512, 512)]
    public void Nearest_Shape_IsTheOneOfLeastRatio(int width, int height, int expectedWidth, int expectedHeight) =>
        Assert.Equal((expectedWidth, expectedHeight), AspectBuckets.Nearest(width, height, 512));

    [Fact]
    // 512 x 512 is equally near.
    public void Nearest_EquallyNear_IsTheLargest() => Assert.Equal((520, 520), AspectBuckets.Nearest(512, 512, 520));
}
