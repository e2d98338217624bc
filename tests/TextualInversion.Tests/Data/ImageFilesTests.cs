using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class ImageFilesTests : IDisposable
{
    private static readonly byte[] Png = PillowFixture.Content("rgb.png");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Find_Folder_SortsImagesOrdinallyAndNamesStrays()
    {
        string[] images = ["2.png", "10.png", "B.png", "a.png", ".hidden.png", ".DS_Store", "inner/3.png"];
        foreach (var name in images)
            folder.Write(name, Png);
        folder.Write("2.txt", "a photo of a cat");
        folder.Write("notes.txt", "not beside an image");
        folder.Write("empty.png", "");

        var found = ImageFiles.Find([folder.Path]);

        Assert.Equal(["10.png", "2.png", "B.png", "a.png"], found.Images.Select(Path.GetFileName));
        Assert.Equal(
            [
                $"{folder.File("empty.png")}: is empty",
                $"{folder.File("inner")}: is a folder inside the folder; name it as well if its images belong here",
                $"{folder.File("notes.txt")}: is not an image that can be read",
            ],
            found.Strays.Select(stray => stray.ToString())
        );
    }

    [Fact]
    public void Find_WrongExtensions_GoesByContent()
    {
        var image = folder.Write("image.txt", Png);
        var text = folder.Write("text.png", "a photo of a cat");

        var found = ImageFiles.Find([folder.Path]);

        Assert.Equal([image], found.Images);
        Assert.Equal([text], found.Strays.Select(stray => stray.Path));
    }

    [Fact]
    public void Find_FileNamedTwice_CountsOnce()
    {
        var image = folder.Write("1.png", Png);
        Assert.Single(
            ImageFiles.Find([image, folder.Path, Path.Combine(folder.Path, ".", "1.png"), folder.Path]).Images
        );
    }

    [Fact]
    public void Find_ImagesAndTheirCaptionsNamed_TakesTheImages()
    {
        var caption = folder.Write("1.txt", "a photo of a cat");
        var image = folder.Write("1.png", Png);

        var found = ImageFiles.Find([caption, image]);

        Assert.Equal([image], found.Images);
        Assert.Empty(found.Strays);
    }

    [Fact]
    public void Find_MissingPath_Throws() =>
        AssertError(
            folder.File("missing"),
            $"{folder.File("missing")}: there is no such file or folder; check the spelling."
        );

    [Fact]
    public void Find_NamedFileIsNoImage_Throws()
    {
        var text = folder.Write("text.png", "a photo of a cat");
        AssertError(
            text,
            $"{text}: is not an image that can be read; name images: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
        );
    }

    [Fact]
    public void Find_NamedFileIsEmpty_Throws()
    {
        var empty = folder.Write("1.png", "");
        AssertError(empty, $"{empty}: is empty; name images: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.");
    }

    [Fact]
    public void Find_EmptyFolder_Throws()
    {
        folder.Write(".DS_Store", "x");
        AssertError(folder.Path, $"{folder.Path}: is an empty folder; put the images into it.");
    }

    [Fact]
    public void Find_FolderWithoutImages_NamesSomeOfItsFiles()
    {
        foreach (var name in new[] { "a.md", "b.txt", "c.txt", "d.txt", "e.txt" })
            folder.Write(name, "text");
        AssertError(
            folder.Path,
            $"{folder.Path}: has no image, only a.md, b.txt, c.txt and 2 more; images are JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF."
        );
    }

    [Fact]
    public void Find_FileInUse_Throws()
    {
        var image = folder.Write("1.png", Png);
        using var locked = new FileStream(image, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var error = Assert.Throws<TextualInversionException>(() => ImageFiles.Find([image]));
        Assert.StartsWith($"{image}: cannot be read (", error.Message, StringComparison.Ordinal);
    }

    private static void AssertError(string path, string message) =>
        Assert.Equal(message, Assert.Throws<TextualInversionException>(() => ImageFiles.Find([path])).Message);
}
