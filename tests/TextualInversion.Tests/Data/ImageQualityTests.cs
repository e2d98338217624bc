using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Tests.Data;

public sealed class ImageQualityTests
{
    /// <summary>
    /// Two pixels of 10 and 20 side by side in a border of zeros: 4 x 10 - 20 = 20 and 4 x 20 - 10 = 70, mean 45,
    /// variance 25².
    /// </summary>
    [Fact]
    public void Of_TwoPixelsInside_IsTheirLaplaciansVariance()
    {
        var gray = new byte[12];
        (gray[5], gray[6]) = (10, 20);

        var quality = ImageQuality.Of(new RgbImage([.. gray.SelectMany(value => new[] { value, value, value })], 4, 3));

        Assert.Equal(625, quality.Sharpness, 1e-9);
        Assert.Equal(30 / 12.0 / 255, quality.Brightness, 1e-9);
    }

    /// <summary>The luma of red, green and blue.</summary>
    [Fact]
    public void Of_Colors_AreWeighed() =>
        Assert.Equal(
            (0.299 + 0.587 + 0.114) / 3,
            ImageQuality.Of(new RgbImage([255, 0, 0, 0, 255, 0, 0, 0, 255], 3, 1)).Brightness,
            1e-9
        );

    [Theory]
    [InlineData("my-cat")]
    [InlineData("my-boat")]
    [InlineData("my-mushroom")]
    [InlineData("my-style")]
    public void Of_Sample_IsSharpAndBrightUntilItIsBlurredOrDarkened(string sample)
    {
        foreach (var path in Directory.EnumerateFiles(Goldens.Sample(sample), "*.png"))
        {
            Assert.Equal((false, false), Judge(path, _ => { }));
            Assert.Equal((true, false), Judge(path, image => image.GaussianBlur(2)));
            Assert.True(Judge(path, image => image.Brightness(0.2f)).IsDark);
        }
    }

    /// <summary>
    /// Computed with SciPy and NumPy: <c>dctn(gray, norm='ortho')[:8, :8]</c> above its median, without the first
    /// value.
    /// </summary>
    [Theory]
    [InlineData("my-boat/1.png", 0x33cb353ce0cb4d3)]
    [InlineData("my-boat/5.png", 0x432cb2f14f4cb493)]
    [InlineData("my-cat/1.png", 0x43619e71a6e9c986)]
    public void Hash_Sample_IsSciPys(string sample, ulong expected) =>
        Assert.Equal(expected, PerceptualHash.Of(ImageDecoder.Decode(Goldens.Sample(sample))).Bits);

    [Fact]
    public void Hash_SavedAnewHalvedOrBrightened_IsNear()
    {
        foreach (var path in Directory.EnumerateFiles(Goldens.Sample("my-cat"), "*.png"))
        {
            var own = PerceptualHash.Of(ImageDecoder.Decode(path));
            foreach (
                var change in new Action<IImageProcessingContext>[]
                {
                    image => image.Resize(96, 96),
                    image => image.Brightness(0.8f),
                    image => image.GaussianBlur(1),
                    _ => { },
                }
            )
                Assert.InRange(
                    own.DistanceTo(PerceptualHash.Of(Changed(path, change))),
                    0,
                    PerceptualHash.LargestDistanceOfDuplicates
                );
        }
    }

    [Fact]
    public void Hash_DifferentImages_AreFar()
    {
        var hashes = new[] { "my-cat", "my-dog", "my-boat", "my-mushroom", "my-style" }
            .SelectMany(sample => Directory.EnumerateFiles(Goldens.Sample(sample), "*.png"))
            .Select(path => PerceptualHash.Of(ImageDecoder.Decode(path)))
            .ToList();
        foreach (var (index, hash) in hashes.Index())
            Assert.All(
                hashes[(index + 1)..],
                other => Assert.True(hash.DistanceTo(other) > PerceptualHash.LargestDistanceOfDuplicates)
            );
    }

    private static (bool IsBlurred, bool IsDark) Judge(string path, Action<IImageProcessingContext> change)
    {
        using var image = SharpImage.Load<Rgb24>(PngFile.Of(BicubicResize.Resize(ImageDecoder.Decode(path), 128, 128)));
        image.Mutate(change);
        using var file = new MemoryStream();
        image.SaveAsPng(file);
        var quality = ImageQuality.Of(ImageDecoder.Decode(path, file.ToArray()));
        return (quality.IsBlurred, quality.IsDark);
    }

    /// <summary>The image after a change, saved as a JPEG of low quality.</summary>
    private static RgbImage Changed(string path, Action<IImageProcessingContext> change)
    {
        using var image = SharpImage.Load<Rgb24>(path);
        image.Mutate(change);
        using var file = new MemoryStream();
        image.Save(file, new JpegEncoder { Quality = 40 });
        return ImageDecoder.Decode(path, file.ToArray());
    }
}
