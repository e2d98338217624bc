using System.Text;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Generation;

public sealed class ImageFileTests : IDisposable
{
    private const string Settings =
        "a painting of <my-cat>\nNegative prompt: blur\nSteps: 20, Sampler: Euler a, Seed: 7, Size: 17x13";

    private readonly TemporaryFolder folder = new();
    private readonly byte[] pixels = new byte[17 * 13 * 3];

    public ImageFileTests() => new Random(1).NextBytes(pixels);

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Settings, "tEXt")]
    [InlineData("un café", "tEXt")]
    [InlineData("", "tEXt")]
    [InlineData("一只猫 🐈", "iTXt")]
    public void Write_Parameters_RoundTrip(string parameters, string chunk)
    {
        var path = Write("1.png", pixels, parameters);

        Assert.Equal(parameters, ImageFile.ReadParameters(path));
        var content = Encoding.Latin1.GetString(File.ReadAllBytes(path));
        // The first chunk after IHDR.
        Assert.Equal(33 + 4, content.IndexOf($"{chunk}parameters\0", StringComparison.Ordinal));
    }

    [Fact]
    public void Write_Pixels_RoundTrip()
    {
        var path = Write("1.png", pixels, Settings);

        var read = ImageDecoder.Decode(path);

        Assert.Equal((17, 13), (read.WidthPixels, read.HeightPixels));
        Assert.Equal(pixels, read.Pixels);
    }

    [Fact]
    public void Write_Grays_StayExact()
    {
        Array.Fill(pixels, (byte)200);
        Assert.Equal(pixels, ImageDecoder.Decode(Write("1.png", pixels, Settings)).Pixels);
    }

    [Fact]
    public void Write_Twice_GivesTheSameBytesWithoutDates()
    {
        var first = File.ReadAllBytes(Write("1.png", pixels, Settings));
        Assert.Equal(first, File.ReadAllBytes(Write("2.png", pixels, Settings)));
        var text = Encoding.Latin1.GetString(first);
        Assert.DoesNotContain("date:", text, StringComparison.Ordinal);
        Assert.DoesNotContain("tIME", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_FileExists_RefusesOrReplaces()
    {
        var path = Write("1.png", pixels, "first");
        var error = Assert.Throws<TextualInversionException>(() => Write("1.png", pixels, "second"));
        Assert.Equal($"{path}: exists; choose another name, or set overwrite to replace it.", error.Message);
        ImageFile.Write(path, pixels, 17, 13, "second", overwrite: true);
        Assert.Equal("second", ImageFile.ReadParameters(path));
    }

    [Fact]
    public void Write_WrongSizeOrNul_Throws()
    {
        Assert.Throws<ArgumentException>(() =>
            ImageFile.Write(folder.File("1.png"), pixels, 13, 13, "", overwrite: false)
        );
        Assert.Throws<ArgumentException>(() => ImageFile.Write(folder.File("1.png"), [], 0, 0, "", overwrite: false));
        Assert.Throws<ArgumentException>(() => Write("1.png", pixels, "a\0b"));
        Assert.Throws<ArgumentException>(() => Write("1.gif", pixels, ""));
    }

    [Fact]
    public void ReadParameters_NoText_ReturnsNull() =>
        Assert.Null(ImageFile.ReadParameters(folder.Write("1.png", PillowFixture.Content("rgb.png"))));

    [Fact]
    public void ReadParameters_NoImage_Throws()
    {
        var path = folder.Write("1.png", "GIF89a and more"u8.ToArray());
        AssertError(path, $"{path}: is not a PNG, JPEG or WebP image; name one that `ti generate` wrote.");
    }

    [Theory]
    [InlineData("1.jpg")]
    [InlineData("1.JPEG")]
    [InlineData("1.webp")]
    public void Write_OtherFormats_HoldTheSettingsAndAboutTheImage(string name)
    {
        var settings = Settings + ", Model: 一只猫 🐈";
        Array.Fill(pixels, (byte)90);

        var first = File.ReadAllBytes(Write(name, pixels, settings));

        Assert.Equal(settings, ImageFile.ReadParameters(folder.File(name)));
        // Big-endian, as piexif writes it for the WebUI.
        Assert.Contains("UNICODE\0\0a\0 ", Encoding.Latin1.GetString(first), StringComparison.Ordinal);
        Assert.All(ImageDecoder.Decode(folder.File(name)).Pixels, value => Assert.InRange(value, 87, 93));
        ImageFile.Write(folder.File(name), pixels, 17, 13, settings, overwrite: true);
        Assert.Equal(first, File.ReadAllBytes(folder.File(name)));
    }

    /// <summary>As other programs than the WebUI write the comment.</summary>
    [Theory]
    [InlineData("UNICODE\0", "utf-16")] // little-endian
    [InlineData("UNICODE\0", "utf-16BE")]
    [InlineData("ASCII\0\0\0", "utf-8")]
    [InlineData("\0\0\0\0\0\0\0\0", "utf-8")]
    public void ReadParameters_CommentOfOtherPrograms_IsRead(string mark, string encoding)
    {
        const string Parameters = "un café, 一只猫\nSteps: 20, Sampler: Euler a, Seed: 7, Size: 17x13";
        byte[] comment = [.. Encoding.ASCII.GetBytes(mark), .. Encoding.GetEncoding(encoding).GetBytes(Parameters)];
        byte[] exif =
        [
            .. "MM\0*\0\0\0\b\0\u0001"u8, // one tag: the comment, of bytes, behind this directory
            .. new byte[] { 0x92, 0x86, 0, 7, 0, 0, (byte)(comment.Length >> 8), (byte)comment.Length, 0, 0, 0, 26 },
            .. new byte[4],
            .. comment,
        ];
        var jpeg = ImageEncoder.ToJpeg(new RgbImage(pixels, 17, 13), 95);
        var path = folder.Write("1.jpg", JpegSegments.WithExif(jpeg, exif));

        Assert.Equal(Parameters, ImageFile.ReadParameters(path));
    }

    [Fact]
    public void ReadParameters_JpegWithoutComment_ReturnsNull() =>
        Assert.Null(ImageFile.ReadParameters(folder.Write("1.jpg", PillowFixture.Content("rgb.jpg"))));

    [Fact]
    public void ReadParameters_MissingFile_Throws()
    {
        var path = folder.File("1.png");
        var error = Assert.Throws<TextualInversionException>(() => ImageFile.ReadParameters(path));
        Assert.StartsWith($"{path}: cannot be read (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadParameters_CutInTheText_Throws()
    {
        var content = File.ReadAllBytes(Write("1.png", pixels, Settings));
        for (var length = 9; length < 33 + 12 + Settings.Length; length++)
        {
            if (length == 33)
                continue; // a cut between two chunks
            var path = folder.Write("cut.png", content[..length]);
            AssertError(path, $"{path}: is damaged (it is cut short); take another copy of it.");
        }
    }

    [Fact]
    public void ReadParameters_ChangedText_Throws()
    {
        var content = File.ReadAllBytes(Write("1.png", pixels, Settings));
        content[60] ^= 1;
        var path = folder.Write("changed.png", content);
        AssertError(path, $"{path}: is damaged (the checksum of its text is wrong); take another copy of it.");
    }

    private string Write(string name, byte[] rgb, string parameters)
    {
        ImageFile.Write(folder.File(name), rgb, 17, 13, parameters, overwrite: false);
        return folder.File(name);
    }

    private static void AssertError(string path, string message) =>
        Assert.Equal(message, Assert.Throws<TextualInversionException>(() => ImageFile.ReadParameters(path)).Message);
}
