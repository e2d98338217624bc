using System.Buffers.Binary;
using System.IO.Compression;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.PixelFormats;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Tests.Data;

public sealed class ImageDecoderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    // Formats that are not decoded, and a GIF whose transparent pixels are black here and any color in Pillow.
    private static readonly string[] Others = ["cmyk.tif", "smooth.avif", "palette-transparent.gif"];

    // JPEG decoders may round differently; the fixture gives the tolerance of the other formats.
    private const int JpegTolerance = 3;
    private const double JpegMeanTolerance = 0.1;

    public static TheoryData<string, int> PillowCases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var item in PillowFixture.Cases(PillowFixture.Decode))
            {
                var name = item.GetProperty("name").GetString()!;
                var isJpeg = name.EndsWith(".jpg", StringComparison.Ordinal);
                if (!Others.Contains(name))
                    data.Add(name, isJpeg ? JpegTolerance : item.GetProperty("tolerance").GetInt32());
            }

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
        var differences = expected.Pixels.Zip(actual.Pixels, (a, b) => Math.Abs(a - b)).ToList();
        Assert.InRange(differences.Max(), 0, tolerance);
        if (tolerance == JpegTolerance)
            Assert.InRange(differences.Average(), 0, JpegMeanTolerance);
    }

    [Fact]
    public void Decode_TransparentGif_IsPillowsWhereItIsOpaque()
    {
        const string Name = "palette-transparent.gif";
        var expected = PillowFixture.Image(PillowFixture.Decode, $"{Name}.rgb").Pixels;

        var decoded = ImageDecoder.DecodeAll(Name, PillowFixture.Content(Name));

        Assert.True(decoded.IsTransparent);
        Assert.Equal(
            expected.Select((value, i) => decoded.Alpha!.Pixels[i] == 0 ? (byte)0 : value),
            decoded.Rgb.Pixels
        );
    }

    [Theory]
    [InlineData("cmyk.tif", "cmyk.tif: is of a kind that cannot be read (")]
    [InlineData("smooth.avif", "smooth.avif: is an AVIF image, which cannot be read; convert it to PNG or JPEG, ")]
    public void Decode_KindThatIsNotSupported_SaysWhatToDo(string name, string expected) =>
        Assert.StartsWith(
            expected,
            Error(() => ImageDecoder.Decode(name, PillowFixture.Content(name))),
            StringComparison.Ordinal
        );

    [Fact]
    public void Decode_InterlacedPng_EqualsThePlainOne()
    {
        foreach (var (width, height) in new[] { (8, 8), (17, 13), (64, 30) })
        {
            using var image = Noise(width, height);
            using var file = new MemoryStream();
            image.Save(file, new PngEncoder { InterlaceMethod = PngInterlaceMode.Adam7 });
            var expected = new byte[width * height * 3];
            image.CopyPixelDataTo(expected);
            Assert.Equal(expected, ImageDecoder.Decode("1.png", file.ToArray()).Pixels);
        }
    }

    [Theory]
    [InlineData("rgba.png", true, true)]
    [InlineData("palette-alpha.png", true, true)]
    [InlineData("rgba.webp", true, true)]
    [InlineData("rgba.tif", true, true)]
    [InlineData("rgb.png", false, false)]
    [InlineData("rgb.jpg", false, false)]
    [InlineData("lossless.webp", false, false)]
    public void DecodeAll_File_SaysWhetherItHasAlpha(string name, bool hasChannel, bool isTransparent)
    {
        var decoded = ImageDecoder.DecodeAll(name, PillowFixture.Content(name));
        Assert.Equal((hasChannel, isTransparent), (decoded.Alpha is not null, decoded.IsTransparent));
    }

    [Fact]
    public void DecodeAll_OpaqueAlphaChannel_IsOne()
    {
        var decoded = ImageDecoder.DecodeAll("1.png", PngFile.Gray(4, 4, (_, _) => 7));
        Assert.NotNull(decoded.Alpha);
        Assert.False(decoded.IsTransparent);
    }

    [Theory]
    [InlineData("exif6.png", true)]
    [InlineData("exif6.webp", true)]
    [InlineData("exif6.tif", true)]
    [InlineData("rgb.png", false)]
    [InlineData("rgb.tif", false)]
    public void DecodeAll_File_SaysWhetherItWasTurned(string name, bool expected) =>
        Assert.Equal(expected, ImageDecoder.DecodeAll(name, PillowFixture.Content(name)).IsTurned);

    [Fact]
    public void DecodeAll_ColorProfile_IsNamedUnlessItIsSrgb()
    {
        Assert.Equal("Display P3", ImageDecoder.DecodeAll("1.jpg", ColorProfile.DisplayP3Jpeg()).ForeignProfile);
        foreach (var name in new[] { "rgb.png", "profile.png", "bad-profile.png", "rgb.jpg" })
            Assert.Null(ImageDecoder.DecodeAll(name, PillowFixture.Content(name)).ForeignProfile);
        Assert.Null(IccProfile.NameUnlessSrgb(ColorProfile.MakeSrgbOfAnotherName()));
    }

    [Fact]
    public void NameUnlessSrgb_CutAnywhere_DoesNotThrow()
    {
        var profile = ColorProfile.MakeDisplayP3();
        for (var length = 0; length < profile.Length; length++)
            Assert.NotEqual("", IccProfile.NameUnlessSrgb(profile.AsSpan(0, length)));
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
        var path = folder.Write("text.png", "a photo of a cat");
        Assert.Equal(
            $"{path}: is not an image that can be read; images are JPEG, PNG, WebP, GIF, BMP or TIFF.",
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
                // Bytes after the pixels may be missing.
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
        Assert.StartsWith("1.jpg: is damaged or truncated (", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_JpegWithPaddingBehindThePixels_IsTheImage()
    {
        var content = PillowFixture.Content("rgb.jpg");
        // Zeros before the end-of-image marker, as some cameras write.
        byte[] padded = [.. content[..^2], 0, 0, 0, 0, .. content[^2..]];
        Assert.Equal(ImageDecoder.Decode("1.jpg", content).Pixels, ImageDecoder.Decode("1.jpg", padded).Pixels);
    }

    [Theory]
    [InlineData(60_000, 60_000, "60,000 x 60,000")]
    [InlineData(30_000, 30_000, "30,000 x 30,000")]
    [InlineData(16_385, 1, "16,385 x 1")]
    [InlineData(1, 16_385, "1 x 16,385")]
    [InlineData(16_384, 8_193, "16,384 x 8,193")]
    [InlineData(int.MaxValue, 1, "2,147,483,647 x 1")]
    public void Decode_HeaderAnnouncesTooMuch_IsRefused(int width, int height, string size) =>
        Assert.Equal(
            $"bomb.png: {size} pixels are too many; make it smaller: at most 16,384 a side and 134 million in all.",
            Error(() => ImageDecoder.Decode("bomb.png", MakeEmptyPng(width, height)))
        );

    [Fact]
    public void Decode_LargestHeaderWithoutPixels_IsRefused()
    {
        var message = Error(() => ImageDecoder.Decode("bomb.png", MakeEmptyPng(16_384, 8_192)));
        Assert.StartsWith("bomb.png: is damaged or truncated (", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_ManyMegapixels_ReadsThem()
    {
        var photo = ImageEncoder.ToJpeg(new RgbImage(new byte[6000 * 4000 * 3], 6000, 4000), 90, halvesColor: true);
        var image = ImageDecoder.Decode("photo.jpg", photo);
        Assert.Equal((6000, 4000), (image.WidthPixels, image.HeightPixels));
    }

    private static Image<Rgb24> Noise(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        new Random(width).NextBytes(pixels);
        return SharpImage.LoadPixelData<Rgb24>(pixels, width, height);
    }

    private static string Error(Action decode) => Assert.Throws<TextualInversionException>(decode).Message;

    /// <summary>A whole PNG file without pixels.</summary>
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
