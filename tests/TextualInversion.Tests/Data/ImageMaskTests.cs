using System.Security.Cryptography;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class ImageMaskTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Average_SquaresOfTwo_AreTheirMeans()
    {
        var mask = new ImageMask([0, 255, 51, 51, 255, 0, 51, 51], 4, 2, null, null);
        Assert.Equal([0.5f, 0.2f], mask.Average(2));
        Assert.False(mask.IsWhole);
        Assert.True(new ImageMask([255, 255], 2, 1, null, null).IsWhole);
    }

    [Fact]
    public void Load_AlphaMask_IsCroppedWithTheImage()
    {
        // 24 x 8: of the middle square, the left half is opaque.
        var path = folder.Write("1.png", PngFile.Make(24, 8, (x, _) => [10, 20, 30, (byte)(x < 12 ? 255 : 0)]));

        var image = TrainingImageSet.Load(path, 8, CropMode.Center, MaskSource.Parse("alpha"));

        var expected = Enumerable.Range(0, 64).Select(i => (byte)(i % 8 < 4 ? 255 : 0));
        Assert.Equal(expected, image.Mask!.Values);
        Assert.Null(image.Mask.Path);
        Assert.Equal([10, 20, 30], image.Pixels.Pixels[^3..]); // alpha does not change colors
    }

    [Theory]
    [InlineData(CropMode.Center)]
    [InlineData(CropMode.Squash)]
    [InlineData(CropMode.Bucket)]
    public void Load_MaskFolder_IsTransformedAsTheImage(CropMode crop)
    {
        // The mask is the image itself at half the size in another file, so the result must be nearly the same.
        byte Wave(double x, double y) => (byte)(127 + (60 * Math.Sin(x * 0.1)) + (60 * Math.Cos(y * 0.13)));
        var path = folder.Write("images/1.png", PngFile.Gray(96, 64, (x, y) => Wave(x, y)));
        var mask = folder.Write("masks/1.png", PngFile.Gray(48, 32, (x, y) => Wave((x * 2) + 0.5, (y * 2) + 0.5)));
        folder.Write("masks/1.txt", "no mask");

        var image = TrainingImageSet.Load(path, 32, crop, MaskSource.Parse(folder.File("masks")));

        var gray = image.Pixels.Pixels.Where((_, i) => i % 3 == 0).ToList();
        Assert.Equal(gray.Count, image.Mask!.Values.Length);
        Assert.All(gray.Zip(image.Mask.Values), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 12));
        Assert.Equal(
            (mask, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(mask)))),
            (image.Mask.Path, image.Mask.Sha256)
        );
    }

    [Fact]
    public void Load_MasksNextToImages_AreFoundByTheirName()
    {
        var path = folder.Write("1.png", PngFile.Gray(16, 16, (x, y) => 9));
        var mask = folder.Write("1-masklabel.png", PngFile.Gray(16, 16, (x, y) => (byte)(x < 8 ? 255 : 0)));

        var image = TrainingImageSet.Load(path, 16, CropMode.Center, MaskSource.Parse(folder.Path));

        Assert.Equal((mask, 255, 0), (image.Mask!.Path, image.Mask.Values[0], image.Mask.Values[^1]));
    }

    [Fact]
    public void Load_ImageOnItsSide_TurnsItsAlphaToo()
    {
        var turned = TrainingImageSet.Load(
            folder.Write("1.png", PillowFixture.Content("exif6.png")),
            8,
            CropMode.Squash,
            null
        );
        Assert.Equal((14, 18), (turned.OriginalWidthPixels, turned.OriginalHeightPixels));
        Refuses(
            folder.File("1.png"),
            MaskSource.Parse("alpha"),
            $"Masks alpha: {folder.File("1.png")} has no alpha channel; save it with one, or name a folder of masks "
                + "instead."
        );
    }

    [Fact]
    public void Load_MissingMask_NamesTheImage()
    {
        var path = Image();
        Directory.CreateDirectory(folder.File("masks"));
        Refuses(
            path,
            Masks,
            $"{path}: has no mask in {folder.File("masks")}; put a gray image named 1.png there, white where the "
                + "image counts."
        );
    }

    [Fact]
    public void Load_NoSuchFolder_Throws() =>
        Refuses(
            Image(),
            Masks,
            $"Masks {folder.File("masks")}: is not a folder; name one with a mask for each image, or alpha."
        );

    [Fact]
    public void Load_TwoMasks_NamesThem()
    {
        var path = Image();
        var (one, other) = (
            folder.Write("masks/1.bmp", PillowFixture.Content("rgb.bmp")),
            folder.Write("masks/1.png", PillowFixture.Content("rgb.png"))
        );
        Refuses(path, Masks, $"{path}: has several masks, {one} and {other}; leave one.");
    }

    [Fact]
    public void Load_FolderOfTheImages_Throws()
    {
        var path = Image();
        Refuses(
            path,
            MaskSource.Parse(folder.File("images")),
            $"Masks {folder.File("images")}: holds the images themselves; put the masks into a folder of their own."
        );
    }

    [Fact]
    public void Load_OtherShape_NamesBoth()
    {
        var path = Image();
        var mask = folder.Write("masks/1.png", PngFile.Gray(16, 8, (_, _) => 255));
        Refuses(
            path,
            Masks,
            $"{mask}: 16 x 8 pixels have another shape than {path}, 16 x 16; make the mask as large as its image."
        );
    }

    [Theory]
    [InlineData(0)] // all black
    [InlineData(255)] // white only in what the crop removes
    public void Load_NothingLeft_NamesTheMask(byte left)
    {
        var path = folder.Write("images/1.png", PngFile.Gray(48, 16, (_, _) => 9));
        var mask = folder.Write("masks/1.png", PngFile.Gray(48, 16, (x, _) => x < 4 ? left : (byte)0));
        Refuses(
            path,
            Masks,
            $"{mask}: the mask is entirely black within the crop, so nothing would be trained; make white what counts."
        );
    }

    [Fact]
    public void Load_TransparentImage_NamesIt()
    {
        var path = folder.Write("1.png", PngFile.Make(8, 8, (_, _) => [1, 2, 3, 0]));
        Refuses(
            path,
            MaskSource.Parse("alpha"),
            $"{path}: the alpha channel is entirely black within the crop, so nothing would be trained; make "
                + $"white what counts."
        );
    }

    [Fact]
    public void Parse_Alpha_IsNoFolder()
    {
        Assert.Equal(new MaskSource(null), MaskSource.Parse("alpha"));
        Assert.Equal("alpha", MaskSource.Parse("alpha").ToString());
        Assert.Equal(new MaskSource("masks"), MaskSource.Parse("masks"));
    }

    private MaskSource Masks => new(folder.File("masks"));

    private string Image() => folder.Write("images/1.png", PngFile.Gray(16, 16, (x, _) => (byte)x));

    private static void Refuses(string path, MaskSource masks, string expected) =>
        Assert.Equal(
            expected,
            Assert
                .Throws<TextualInversionException>(() => TrainingImageSet.Load(path, 8, CropMode.Center, masks))
                .Message
        );
}
