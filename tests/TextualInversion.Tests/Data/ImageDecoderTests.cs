using System.Buffers.Binary;
using System.IO.Compression;
using ImageMagick;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class ImageDecoderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, int> PillowCases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var item in PillowFixture.Cases(PillowFixture.Decode))
                data.Add(item.GetProperty("name").GetString()!, item.GetProperty("tolerance").GetInt32());
            return data;
        }
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(PillowCases))]
    public void Decode_KindOfFile_EqualsPillow(string name, int tolerance)
    {
        var expected = PillowFixture.Image(PillowFixture.Decode, $"{name}.rgb");

        var actual = ImageDecoder.Decode(name, PillowFixture.Content(name));

        Assert.Equal((expected.WidthPixels, expected.HeightPixels), (actual.WidthPixels, actual.HeightPixels));
        Assert.InRange(expected.Pixels.Zip(actual.Pixels, (a, b) => Math.Abs(a - b)).Max(), 0, tolerance);
    }

    [Fact]
    public void Decode_Lab_BecomesRgb()
    {
        using var image = new MagickImage(MagickColors.Red, 4, 4) { ColorSpace = ColorSpace.Lab };
        var decoded = ImageDecoder.Decode("lab.tif", image.ToByteArray(MagickFormat.Tiff));
        Assert.InRange(decoded.Pixels[0], 245, 255);
        Assert.InRange(decoded.Pixels[1], 0, 10);
    }

    [Fact]
    public void Decode_PngNamedTxt_ReadsIt()
    {
        var path = folder.Write("image%d[1].txt", PillowFixture.Content("rgb.png"));
        Assert.Equal(PillowFixture.Image(PillowFixture.Decode, "rgb.png.rgb").Pixels, ImageDecoder.Decode(path).Pixels);
    }

    [Fact]
    public void Decode_TextNamedPng_Throws()
    {
        var path = folder.Write("text.png", "<svg xmlns='http://www.w3.org/2000/svg'/>");
        Assert.Equal(
            $"{path}: is not an image that can be read; images are JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.",
            Error(() => ImageDecoder.Decode(path))
        );
    }

    [Fact]
    public void Decode_MissingFile_Throws()
    {
        var path = folder.File("1.png");
        Assert.StartsWith(
            $"{path}: cannot be read (",
            Error(() => ImageDecoder.Decode(path)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("rgb.png")]
    [InlineData("palette.png")]
    [InlineData("rgb.jpg")]
    [InlineData("gray.jpg")]
    [InlineData("cmyk.jpg")]
    [InlineData("lossless.webp")]
    [InlineData("exif6.webp")]
    [InlineData("rgb.bmp")]
    [InlineData("lzw.tif")]
    [InlineData("smooth.avif")]
    public void Decode_CutAnywhere_IsRefusedByName(string name)
    {
        var content = PillowFixture.Content(name);
        var step = Math.Max(1, content.Length / 100);
        for (
            var length = ImageFormats.HeadBytes;
            length < content.Length;
            length += length > content.Length - 16 ? 1 : step
        )
        {
            var message = Error(() => ImageDecoder.Decode(name, content[..length]));
            Assert.True(
                message.StartsWith($"{name}: is damaged or truncated (", StringComparison.Ordinal),
                $"{length} bytes: {message}"
            );
            Assert.EndsWith("); copy or save it anew, or leave it out.", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Decode_CutGif_LosesNoPixelUnnoticed()
    {
        var content = PillowFixture.Content("palette.gif");
        var expected = ImageDecoder.Decode("whole", content).Pixels;
        for (var length = 13; length < content.Length; length++)
        {
            try
            {
                // Only what follows the pixels may be missing.
                Assert.Equal(expected, ImageDecoder.Decode("cut", content[..length]).Pixels);
                Assert.InRange(length, content.Length - 2, content.Length);
            }
            catch (TextualInversionException error)
            {
                Assert.StartsWith("cut: is damaged or truncated (", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Decode_JpegWithScrambledData_IsRefused()
    {
        var content = PillowFixture.Content("rgb.jpg");
        content.AsSpan(content.Length - 200, 100).Fill(0x55);
        var message = Error(() => ImageDecoder.Decode("1.jpg", content));
        Assert.StartsWith("1.jpg: is damaged or truncated (Corrupt JPEG data: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_JpegWithPaddingBehindThePixels_IsTheImage()
    {
        var content = PillowFixture.Content("rgb.jpg");
        byte[] padded = [.. content[..^2], 0, 0, 0, 0, .. content[^2..]]; // before the end-of-image marker, as some cameras write
        Assert.Equal(ImageDecoder.Decode("1.jpg", content).Pixels, ImageDecoder.Decode("1.jpg", padded).Pixels);
    }

    [Theory]
    [InlineData(60_000, 60_000, "60,000 x 60,000")]
    [InlineData(30_000, 30_000, "30,000 x 30,000")]
    [InlineData(16_385, 1, "16,385 x 1")]
    [InlineData(1, 16_385, "1 x 16,385")]
    [InlineData(16_384, 8_193, "16,384 x 8,193")]
    public void Decode_HeaderAnnouncesTooMuch_IsRefused(int width, int height, string size) =>
        Assert.Equal(
            $"bomb.png: {size} pixels are too many; make it smaller: at most 16,384 a side and 134 million in all.",
            Error(() => ImageDecoder.Decode("bomb.png", MakeEmptyPng(width, height)))
        );

    // The first would take gigabytes for one row, the second is just small enough to be tried.
    [Theory]
    [InlineData(int.MaxValue, 1)]
    [InlineData(16_384, 8_192)]
    public void Decode_HeaderWithoutPixels_IsRefused(int width, int height)
    {
        var message = Error(() => ImageDecoder.Decode("bomb.png", MakeEmptyPng(width, height)));
        Assert.StartsWith("bomb.png: is damaged or truncated (", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_ManyMegapixels_ReadsThem()
    {
        using var photo = new MagickImage(MagickColors.Teal, 6000, 4000);
        var image = ImageDecoder.Decode("photo.jpg", photo.ToByteArray(MagickFormat.Jpeg));
        Assert.Equal((6000, 4000), (image.WidthPixels, image.HeightPixels));
    }

    private static string Error(Action decode) => Assert.Throws<TextualInversionException>(decode).Message;

    /// <summary>A whole PNG file, but for its pixels.</summary>
    private static byte[] MakeEmptyPng(int width, int height)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2); // bits, RGB
        using var data = new MemoryStream();
        using (var compressed = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
            compressed.Write(new byte[100]);
        return
        [
            .. PngTextChunk.Signature,
            .. PngTextChunk.MakeChunk("IHDR"u8, header),
            .. PngTextChunk.MakeChunk("IDAT"u8, data.ToArray()),
            .. PngTextChunk.MakeChunk("IEND"u8, []),
        ];
    }
}
