using System.Diagnostics;
using System.Net.Sockets;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class ImageFilesTests : IDisposable
{
    private static readonly byte[] Png = PillowFixture.Content("rgb.png");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Find_Folder_SortsImagesOrdinallyAndNamesSkippedFiles()
    {
        string[] images = ["2.png", "10.png", "B.png", "a.png", ".hidden.png", ".DS_Store", "inner/3.png"];
        foreach (var name in images)
            folder.Write(name, Png);
        folder.Write("2.txt", "a photo of a cat");
        folder.Write("notes.txt", "not a caption");
        folder.Write("empty.png", "");

        var found = ImageFiles.Find([folder.Path]);

        Assert.Equal(["10.png", "2.png", "B.png", "a.png"], found.Images.Select(Path.GetFileName));
        Assert.Equal(
            [
                $"{folder.File("empty.png")}: is empty (0 bytes); copy or download it again",
                $"{folder.File("inner")}: is a folder inside the folder; name it as well if its images belong here",
                $"{folder.File("notes.txt")}: is not an image that can be read",
            ],
            found.Skipped.Select(skipped => skipped.ToString())
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // as a shell expands cat/*.png
    public void Find_MasksNextToImages_AreNotImages(bool isEachNamed)
    {
        string[] files = ["1-masklabel.png", "1.png", "2.png", "other-masklabel.png"];
        foreach (var name in files)
            folder.Write(name, Png);

        var found = ImageFiles.Find(isEachNamed ? files.Select(folder.File) : [folder.Path]);

        Assert.Equal(["1.png", "2.png", "other-masklabel.png"], found.Images.Select(Path.GetFileName));
        Assert.Equal([folder.File("1-masklabel.png")], found.Skipped.Select(skipped => skipped.Path));
    }

    [Fact]
    public void Find_WrongExtensions_GoesByContent()
    {
        var image = folder.Write("image.txt", Png);
        var text = folder.Write("text.png", "a photo of a cat");

        var found = ImageFiles.Find([folder.Path]);

        Assert.Equal([image], found.Images);
        Assert.Equal([text], found.Skipped.Select(skipped => skipped.Path));
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
        Assert.Empty(found.Skipped);
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
        AssertError(text, $"{text}: is not an image that can be read; name images: JPEG, PNG, WebP, GIF, BMP or TIFF.");
    }

    [Fact]
    public void Find_NamedFileIsEmpty_Throws()
    {
        var empty = folder.Write("1.png", "");
        AssertError(
            empty,
            $"{empty}: is empty (0 bytes); copy or download it again; name images: JPEG, PNG, WebP, GIF, BMP or TIFF."
        );
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
            $"{folder.Path}: has no image, only a.md, b.txt, c.txt and 2 more; images are JPEG, PNG, WebP, GIF, "
                + $"BMP or TIFF."
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

    [Theory]
    [InlineData(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0",
        "is a Git LFS pointer, not the image itself; "
    )]
    [InlineData("\uFEFF\r\n<!DOCTYPE HTML><title>Not found", "is a web page, not an image; ")]
    [InlineData("<html lang='en'>", "is a web page, not an image; ")]
    [InlineData("<?xml version='1.0'?><svg xmlns='x'/>", "is an SVG image, which cannot be read; ")]
    [InlineData("0000ftypheic0000", "is a HEIC image, which cannot be read; convert it to PNG or JPEG, ")]
    [InlineData("0000ftypavif0000", "is an AVIF image, which cannot be read; convert it to PNG or JPEG, ")]
    [InlineData("8BPS", "is a Photoshop image, which cannot be read; ")]
    [InlineData("\0\0\0\fJXL ", "is a JPEG XL image, which cannot be read; ")]
    [InlineData("", "is empty (0 bytes); ")]
    public void Find_FileThatOnlyLooksLikeAnImage_IsNamedForWhatItIs(string content, string expected)
    {
        var file = folder.Write("photo.png", content);
        Assert.Contains(
            $": has no image, only photo.png ({expected}",
            Assert.Throws<TextualInversionException>(() => ImageFiles.Find([folder.Path])).Message,
            StringComparison.Ordinal
        );

        folder.Write("1.png", Png);
        var skipped = Assert.Single(ImageFiles.Find([folder.Path]).Skipped);
        Assert.Equal(file, skipped.Path);
        Assert.StartsWith(expected, skipped.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.caption", null)] // the extension of kohya's scripts
    [InlineData("1.TXT", "is not read; name it 1.txt if it is the caption of 1.png")]
    [InlineData("1.png.txt", "is not read; name it 1.txt if it is the caption of 1.png")]
    [InlineData("1.png.caption", "is not read; name it 1.txt if it is the caption of 1.png")]
    [InlineData("2.txt", "is not an image that can be read")]
    public void Find_FileNamedLikeACaption_IsReadOrNamed(string name, string? expected)
    {
        if (!OperatingSystem.IsLinux() && name == "1.TXT")
            return; // on such systems it is the same file as 1.txt
        folder.Write("1.png", Png);
        folder.Write(name, "a photo of a cat");
        Assert.Equal(expected, ImageFiles.Find([folder.Path]).Skipped.SingleOrDefault()?.Message);
    }

    [Fact]
    public void Find_TwoCaptionsOfOneImage_NamesTheOneThatIsNotRead()
    {
        folder.Write("1.png", Png);
        folder.Write("1.txt", "a photo of a cat");
        var other = folder.Write("1.caption", "a photo of a dog");
        Assert.Equal(
            $"{other}: is not read, since 1.txt is the caption of 1.png",
            Assert.Single(ImageFiles.Find([folder.Path]).Skipped).ToString()
        );
    }

    [Fact]
    public void Find_PipeAndDeadLinks_AreNamedAndNotOpened()
    {
        if (OperatingSystem.IsWindows())
            return;
        folder.Write("1.png", Png);
        var (pipe, link, dead) = (folder.File("pipe.png"), folder.File("2.png"), folder.File("3.png"));
        MakePipe(pipe);
        File.CreateSymbolicLink(link, pipe);
        File.CreateSymbolicLink(dead, folder.File("gone.png"));

        Assert.Equal(
            [
                $"{link}: is a named pipe, not a file",
                $"{dead}: is a link to {folder.File("gone.png")}, which does not exist",
                $"{pipe}: is a named pipe, not a file",
            ],
            ImageFiles.Find([folder.Path]).Skipped.Select(skipped => skipped.ToString())
        );
        AssertError(dead, $"{dead}: is a link to {folder.File("gone.png")}, which does not exist.");
        Assert.Throws<TextualInversionException>(() => ImageDecoder.Decode(pipe));
    }

    [Fact]
    public void Find_SocketAndDevice_AreNamed()
    {
        if (!OperatingSystem.IsLinux())
            return;
        folder.Write("1.png", Png);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(folder.File("2.png")));
        File.CreateSymbolicLink(folder.File("3.png"), "/dev/zero");

        Assert.Equal(
            ["is a socket, not a file", "is a device, not a file"],
            ImageFiles.Find([folder.Path]).Skipped.Select(skipped => skipped.Message)
        );
    }

    [Fact]
    public void Find_NameThatIsNotUtf8_IsNamed()
    {
        if (!OperatingSystem.IsLinux())
            return;
        folder.Write("1.png", Png);
        Shell($"cp '{folder.File("1.png")}' \"{folder.Path}/$(printf 'caf\\351').png\"");
        try
        {
            var skipped = Assert.Single(ImageFiles.Find([folder.Path]).Skipped);
            Assert.Equal("has a name that is not UTF-8; rename it", skipped.Message);
        }
        finally
        {
            Shell($"rm '{folder.Path}'/caf*"); // .NET cannot delete such a file either
        }
    }

    private static void Shell(string command)
    {
        using var shell = Process.Start("sh", ["-c", command]);
        shell.WaitForExit();
    }

    private static void MakePipe(string path)
    {
        Shell($"mkfifo '{path}'");
    }

    private static void AssertError(string path, string message) =>
        Assert.Equal(message, Assert.Throws<TextualInversionException>(() => ImageFiles.Find([path])).Message);
}
