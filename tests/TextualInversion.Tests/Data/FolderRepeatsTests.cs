using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class FolderRepeatsTests : IDisposable
{
    private static readonly byte[] Png = PillowFixture.Content("rgb.png");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("10_cat", 10)]
    [InlineData("1_a cat", 1)]
    [InlineData("999_x/", 999)]
    [InlineData("2024_summer", null)]
    [InlineData("001_trip", null)]
    [InlineData("0_cat", null)]
    [InlineData("10_", null)]
    [InlineData("10 cat", null)]
    [InlineData("cat_10", null)]
    public void Of_Name_IsItsNumber(string name, int? expected) => Assert.Equal(expected, FolderRepeats.Of(name));

    [Fact]
    public void Find_KohyasFolder_ReadsItsSubFoldersInProportion()
    {
        string cat = folder.Write("20_cat/1.png", Png),
            dog = folder.Write("30_dog/1.png", Png);
        string notes = folder.Write("notes.txt", "text"),
            other = Path.GetDirectoryName(folder.Write("birds/1.png", Png))!;

        var found = ImageFiles.Find([folder.Path]);

        Assert.Equal(
            [
                $"{other}: is a folder inside the folder; name it as well if its images belong here",
                $"{notes}: is not an image that can be read",
            ],
            found.Skipped.Select(skipped => skipped.ToString())
        );

        Assert.Equal([cat, dog], found.Images);
        Assert.Equal([2, 3], found.Images.Select(image => found.Repeats[image]));
    }

    [Fact]
    public void Find_NumberedFoldersNamed_CountInProportionToFilesAndOtherFolders()
    {
        string cat = folder.Write("10_cat/1.png", Png),
            plain = folder.Write("dogs/1.png", Png),
            summer = folder.Write("2024_summer/1.png", Png),
            file = folder.Write("5_files/1.png", Png);

        var found = ImageFiles.Find([folder.File("10_cat"), folder.File("dogs"), folder.File("2024_summer"), file]);

        Assert.Equal(
            (10, 1, 1, 1),
            (found.Repeats[cat], found.Repeats[plain], found.Repeats[summer], found.Repeats[file])
        );
    }

    [Fact]
    public void Find_OneNumberedFolder_CountsAsAnyOther()
    {
        var image = folder.Write("10_cat/1.png", Png);
        Assert.Equal(1, ImageFiles.Find([folder.File("10_cat")]).Repeats[image]);
    }

    [Fact]
    public void Find_ImagesBesideNumberedFolders_LeavesThoseOut()
    {
        var image = folder.Write("1.png", Png);
        folder.Write("10_old/1.png", Png);

        var found = ImageFiles.Find([folder.Path]);

        Assert.Equal([image], found.Images);
        Assert.Equal([folder.File("10_old")], found.Skipped.Select(skipped => skipped.Path));
    }

    [Fact]
    public void Load_NumberedFolders_TellsEachImage()
    {
        folder.Write("2_a/1.png", Png);
        folder.Write("1_b/1.png", Png);
        Assert.Equal(
            [1, 2],
            TrainingImageSet.Load([folder.Path], 8, CropMode.Center).Images.Select(image => image.Repeats)
        );
    }
}
