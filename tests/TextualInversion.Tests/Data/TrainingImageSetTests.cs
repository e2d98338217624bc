using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class TrainingImageSetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string, bool, int> GoldenCases
    {
        get
        {
            var data = new TheoryData<string, string, bool, int>();
            foreach (var item in PillowFixture.Cases(Goldens.Open("images/expected.safetensors")))
            {
                data.Add(
                    item.GetProperty("key").GetString()!,
                    item.GetProperty("file").GetString()!,
                    item.GetProperty("center_crop").GetBoolean(),
                    item.GetProperty("size").GetInt32()
                );
            }

            return data;
        }
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [Trait("Category", Goldens.Category)]
    [MemberData(nameof(GoldenCases))]
    public void Load_GoldenImage_EqualsPillow(string key, string file, bool centerCrop, int size)
    {
        var expected = PillowFixture.Image(Goldens.Open("images/expected.safetensors"), key).Pixels;

        var loaded = TrainingImageSet.Load(
            [Goldens.Path("images", file)],
            size,
            centerCrop ? CropMode.Center : CropMode.Squash
        );

        var actual = Assert.Single(loaded.Images).Pixels.Pixels;
        if (file.EndsWith(".png", StringComparison.Ordinal))
            Assert.Equal(expected, actual);
        else
            Assert.InRange(expected.Zip(actual, (a, b) => Math.Abs(a - b)).Average(), 0, 0.999);
    }

    [Fact]
    public void Load_Folder_DescribesEachImage()
    {
        folder.Write("1.png", PillowFixture.Content("rgb.png"));
        folder.Write("1.txt", "a photo of a cat");
        folder.Write("2.png", PillowFixture.Content("exif6.png"));

        var loaded = TrainingImageSet.Load([folder.Path], 8, CropMode.Center);

        Assert.Empty(loaded.Warnings);
        var (first, second) = (loaded.Images[0], loaded.Images[1]);
        Assert.Equal((folder.File("1.png"), "a photo of a cat"), (first.Path, first.Caption));
        Assert.Equal((18, 14), (first.OriginalWidthPixels, first.OriginalHeightPixels));
        Assert.Equal((folder.File("2.png"), null), (second.Path, second.Caption));
        Assert.Equal((14, 18), (second.OriginalWidthPixels, second.OriginalHeightPixels));
        Assert.Equal(
            (8, 8, 8 * 8 * 3),
            (first.Pixels.WidthPixels, first.Pixels.HeightPixels, first.Pixels.Pixels.Length)
        );
    }

    [Fact]
    public void Load_Image_HashesItsFile()
    {
        var path = folder.Write("1.bmp", PillowFixture.Content("rgb.bmp"));
        using var stream = File.OpenRead(path);
        var expected = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(stream)).ToLowerInvariant();
        Assert.Equal(expected, TrainingImageSet.Load([path], 8, CropMode.Squash).Images[0].Sha256);
    }

    [Fact]
    public void Load_SmallImageAndStray_Warns()
    {
        var image = folder.Write("1.png", PillowFixture.Content("rgb.png"));
        var stray = folder.Write("notes.md", "text");

        var loaded = TrainingImageSet.Load([folder.Path], 16, CropMode.Center);

        Assert.Equal(
            [
                $"{stray}: is not an image that can be read",
                $"{image}: 18 x 14 pixels are enlarged to 16 x 16; the blur is learned too, so take a larger "
                    + $"image or a lower resolution",
            ],
            loaded.Warnings.Select(warning => warning.ToString())
        );
    }

    [Fact]
    public void Load_UnusualImages_WarnsOfEach()
    {
        folder.Write("1.png", PillowFixture.Content("rgba.png"));
        folder.Write("2.png", PillowFixture.Content("rgb.png"));
        folder.Write("2.txt", "a cat <lora:style:1>");
        folder.Write("3.jpg", ColorProfile.DisplayP3Jpeg());
        folder.Write("4.png", PngFile.Gray(64, 64, (x, y) => (byte)(y is < 8 or >= 56 ? 3 : 100 + x)));

        var warnings = TrainingImageSet.Load([folder.Path], 8, CropMode.Center).Warnings;

        Assert.Equal(["1.png", "2.txt", "3.jpg", "4.png"], warnings.Select(warning => Path.GetFileName(warning.Path)));
        string[] parts =
        [
            "transparency",
            "<lora:style:1>",
            "Display P3",
            "black bars (1 pixels at the top, 1 at the bottom)",
        ];
        Assert.All(
            warnings.Zip(parts),
            pair => Assert.Contains(pair.Second, pair.First.Message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Load_TransparentImageWithItsAlphaAsMask_DoesNotWarn()
    {
        folder.Write("1.png", PillowFixture.Content("rgba.png"));
        Assert.Empty(TrainingImageSet.Load([folder.Path], 8, CropMode.Center, new MaskSource(null)).Warnings);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-8)]
    [InlineData(100)]
    public void Load_ResolutionNoMultipleOf8_Throws(int resolution)
    {
        var error = Assert.Throws<TextualInversionException>(() =>
            TrainingImageSet.Load([folder.Path], resolution, CropMode.Center)
        );
        Assert.Equal(
            $"A resolution of {resolution} is not possible; choose a multiple of 8 pixels, such as 512.",
            error.Message
        );
    }

    [Fact]
    public void Load_UnknownCrop_Throws()
    {
        var path = folder.Write("1.png", PillowFixture.Content("rgb.png"));
        Assert.Throws<ArgumentOutOfRangeException>(() => TrainingImageSet.Load([path], 8, (CropMode)9));
    }

    [Fact]
    public void Load_Cancelled_Stops()
    {
        var path = folder.Write("1.png", PillowFixture.Content("rgb.png"));
        var cancelled = new CancellationToken(canceled: true);
        Assert.Throws<OperationCanceledException>(() =>
            TrainingImageSet.Load([path], 8, CropMode.Center, cancellationToken: cancelled)
        );
    }
}
