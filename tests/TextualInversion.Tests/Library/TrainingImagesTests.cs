using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

public sealed class TrainingImagesTests
{
    [Fact]
    public void Load_Folder_FindsItsImages()
    {
        var images = TrainingImages.Load(Goldens.Sample("my-cat"));

        Assert.Equal(5, images.Count);
        Assert.Empty(images.Warnings);
    }

    [Fact]
    public void Load_FolderWithAnotherFile_SaysWhatWasSkipped()
    {
        using var folder = new TemporaryFolder();
        File.Copy(Goldens.Sample("my-cat", "1.png"), folder.File("1.png"));
        folder.Write("notes.md", "about the cat");

        var images = TrainingImages.Load(folder.Path);

        Assert.Equal(1, images.Count);
        Assert.Contains("notes.md", Assert.Single(images.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoSuchFolder_Throws() =>
        Assert.Throws<TextualInversionException>(() => TrainingImages.Load(Goldens.Sample("no-such-folder")));

    [Fact]
    public void Load_NoPaths_Throws() =>
        Assert.Equal("paths", Assert.Throws<ArgumentException>(() => TrainingImages.Load()).ParamName);

    [Fact]
    public void FromRgb_PixelsOfAFile_AreTheFile()
    {
        var decoded = ImageDecoder.Decode(Goldens.Sample("my-cat", "1.png"));
        var fromMemory = TrainingImages.FromRgb(
            decoded.Pixels,
            decoded.WidthPixels,
            decoded.HeightPixels,
            caption: "a photo of {}"
        );

        var expected = TrainingImages.Load(Goldens.Sample("my-cat", "1.png")).Fit(32, CancellationToken.None);
        var actual = fromMemory.Fit(32, CancellationToken.None);

        Assert.Equal(expected.Single().Pixels.Pixels, actual.Single().Pixels.Pixels);
        Assert.Equal("a photo of {}", actual.Single().Caption);
    }

    [Theory]
    [InlineData(0, 4, "width")]
    [InlineData(4, 0, "height")]
    [InlineData(4, 5, "pixels")]
    public void FromRgb_SizeThatTheBytesDoNotHave_Throws(int width, int height, string parameter) =>
        Assert.Equal(
            parameter,
            Assert.ThrowsAny<ArgumentException>(() => TrainingImages.FromRgb(new byte[48], width, height)).ParamName
        );

    [Fact]
    public void Concat_FilesAndMemory_KeepsTheirOrder()
    {
        var images = TrainingImages.Concat(
            TrainingImages.Load(Goldens.Sample("my-cat", "2.png")),
            TrainingImages.FromRgb(new byte[3 * 16 * 16], 16, 16, "black")
        );

        Assert.Equal([null, "black"], images.Fit(16, CancellationToken.None).Select(image => image.Caption));
    }

    [Fact]
    public void Concat_OptionsThatDiffer_Throws()
    {
        var squashed = new TrainingImageOptions { Crop = CropMode.Squash };

        Assert.Throws<ArgumentException>(() =>
            TrainingImages.Concat(
                TrainingImages.Load(Goldens.Sample("my-cat")),
                TrainingImages.Load([Goldens.Sample("my-dog")], squashed)
            )
        );
    }

    [Fact]
    public void Load_AlphaMasksOfImagesWithoutAlpha_ThrowsWhenTheyAreFitted()
    {
        var images = TrainingImages.Load(
            [Goldens.Sample("my-cat")],
            new TrainingImageOptions { Masks = MaskSource.Alpha }
        );

        Assert.Throws<TextualInversionException>(() => images.Fit(32, CancellationToken.None));
    }
}
