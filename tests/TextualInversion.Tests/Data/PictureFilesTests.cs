using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class PictureFilesTests : IDisposable
{
    private static readonly byte[] Png = PillowFixture.Content("rgb.png");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Find_Folder_SortsPicturesOrdinallyAndNamesStrays()
    {
        string[] pictures = ["2.png", "10.png", "B.png", "a.png", ".hidden.png", ".DS_Store", "inner/3.png"];
        foreach (var name in pictures)
            folder.Write(name, Png);
        folder.Write("2.txt", "a photo of a cat");
        folder.Write("notes.txt", "not beside a picture");
        folder.Write("empty.png", "");

        var found = PictureFiles.Find([folder.Path]);

        Assert.Equal(["10.png", "2.png", "B.png", "a.png"], found.Pictures.Select(Path.GetFileName));
        Assert.Equal(
            [
                $"{folder.File("empty.png")}: is empty",
                $"{folder.File("inner")}: is a folder inside the folder; name it as well if its pictures belong here",
                $"{folder.File("notes.txt")}: is not a picture that can be read",
            ],
            found.Strays.Select(stray => stray.ToString())
        );
    }

    [Fact]
    public void Find_WrongExtensions_GoesByContent()
    {
        var picture = folder.Write("picture.txt", Png);
        var text = folder.Write("text.png", "a photo of a cat");

        var found = PictureFiles.Find([folder.Path]);

        Assert.Equal([picture], found.Pictures);
        Assert.Equal([text], found.Strays.Select(stray => stray.Path));
    }

    [Fact]
    public void Find_FileNamedTwice_CountsOnce()
    {
        var picture = folder.Write("1.png", Png);
        Assert.Single(
            PictureFiles.Find([picture, folder.Path, Path.Combine(folder.Path, ".", "1.png"), folder.Path]).Pictures
        );
    }

    [Fact]
    public void Find_PicturesAndTheirCaptionsNamed_TakesThePictures()
    {
        var caption = folder.Write("1.txt", "a photo of a cat");
        var picture = folder.Write("1.png", Png);

        var found = PictureFiles.Find([caption, picture]);

        Assert.Equal([picture], found.Pictures);
        Assert.Empty(found.Strays);
    }

    [Fact]
    public void Find_MissingPath_Throws() =>
        AssertError(
            folder.File("missing"),
            $"{folder.File("missing")}: there is no such file or folder; check the spelling."
        );

    [Fact]
    public void Find_NamedFileIsNoPicture_Throws()
    {
        var text = folder.Write("text.png", "a photo of a cat");
        AssertError(
            text,
            $"{text}: is not a picture that can be read; name pictures: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
        );
    }

    [Fact]
    public void Find_NamedFileIsEmpty_Throws()
    {
        var empty = folder.Write("1.png", "");
        AssertError(empty, $"{empty}: is empty; name pictures: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.");
    }

    [Fact]
    public void Find_EmptyFolder_Throws()
    {
        folder.Write(".DS_Store", "x");
        AssertError(folder.Path, $"{folder.Path}: is an empty folder; put the pictures into it.");
    }

    [Fact]
    public void Find_FolderWithoutPictures_NamesSomeOfItsFiles()
    {
        foreach (var name in new[] { "a.md", "b.txt", "c.txt", "d.txt", "e.txt" })
            folder.Write(name, "text");
        AssertError(
            folder.Path,
            $"{folder.Path}: has no picture, only a.md, b.txt, c.txt and 2 more; pictures are JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
        );
    }

    [Fact]
    public void Find_FileInUse_Throws()
    {
        var picture = folder.Write("1.png", Png);
        using var locked = new FileStream(picture, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var error = Assert.Throws<TextualInversionException>(() => PictureFiles.Find([picture]));
        Assert.StartsWith($"{picture}: cannot be read (", error.Message, StringComparison.Ordinal);
    }

    private static void AssertError(string path, string message) =>
        Assert.Equal(message, Assert.Throws<TextualInversionException>(() => PictureFiles.Find([path])).Message);
}
