using System.Buffers.Binary;
using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

/// <summary>Files of every format and kind against Pillow: those of scripts/make-image-cases.py.</summary>
public sealed class ImageKindsTests
{
    /// <summary>The names of the files, and the largest and the mean difference of a byte, 0 to 255.</summary>
    public static TheoryData<string, int, double> Supported
    {
        get
        {
            var data = new TheoryData<string, int, double>();
            foreach (var item in Cases)
            {
                if (ToleranceOf(item.GetProperty("kind").GetString()!) is var (most, mean))
                    data.Add(item.GetProperty("name").GetString()!, most, mean);
            }

            return data;
        }
    }

    public static TheoryData<string, string> Unsupported =>
        new()
        {
            { "fax-black-is-zero.tif", "it is compressed like a fax, but with black as zero" },
            { "one-bit-by-default.tif", "it does not say how many bits a pixel has" },
            { "float.tif", "its pixels are floating-point numbers" },
            { "lab.tif", "The specified TIFF photometric interpretation is not supported: CieLab" },
            { "zstd.tif", "The specified TIFF compression format '50000' is not supported" },
        };

    private static JsonElement[] Cases { get; } = PillowFixture.Cases(PillowFixture.Images);

    [Theory]
    [MemberData(nameof(Supported))]
    public void Decode_File_IsAsPillowDecodesIt(string name, int most, double mean)
    {
        var key = Cases.Single(item => item.GetProperty("name").GetString() == name).GetProperty("rgb").GetString()!;
        var expected = PillowFixture.Image(PillowFixture.Images, key);

        var actual = ImageDecoder.Decode(name, PillowFixture.Content(PillowFixture.Images, name));

        Assert.Equal((expected.WidthPixels, expected.HeightPixels), (actual.WidthPixels, actual.HeightPixels));
        var differences = expected.Pixels.Zip(actual.Pixels, (a, b) => Math.Abs(a - b)).ToList();
        Assert.InRange(differences.Max(), 0, most);
        Assert.InRange(differences.Average(), 0, mean);
    }

    [Theory]
    [MemberData(nameof(Unsupported))]
    public void Decode_FileOfAKindThatIsNotSupported_IsRefusedByName(string name, string why)
    {
        var content = PillowFixture.Content(PillowFixture.Images, name);

        var error = Assert.Throws<TextualInversionException>(() => ImageDecoder.Decode(name, content));

        Assert.Equal($"{name}: is of a kind that cannot be read ({why}); save it as PNG or JPEG.", error.Message);
    }

    [Theory]
    [InlineData("smooth-444.jpg", "60,000 x 60,000")]
    [InlineData("smooth-420-progressive.jpg", "60,000 x 60,000")]
    [InlineData("lossless-edges.webp", "16,384 x 16,384")] // the largest that the format has
    [InlineData("plain.gif", "60,000 x 60,000")]
    [InlineData("rgb.bmp", "60,000 x 60,000")]
    [InlineData("raw.tif", "60,000 x 60,000")]
    public void Decode_HeaderAnnouncesTooMuch_IsRefusedBeforeMemoryIsUsed(string name, string size)
    {
        var content = PillowFixture.Content(PillowFixture.Images, name);
        AnnounceSize(name, content, 60_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<TextualInversionException>(() => ImageDecoder.Decode(name, content));

        Assert.StartsWith($"{name}: {size} pixels are too many; ", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    /// <summary>A small file must not make the decoder fill many pixels.</summary>
    [Fact]
    public void Decode_LossyWebPWithFewBytes_IsRefused()
    {
        var content = PillowFixture.Content(PillowFixture.Images, "lossy.webp");
        var size = content.AsSpan().IndexOf<byte>([0x9D, 0x01, 0x2A]) + 3; // after the start code of a frame
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(size), 16_000);
        BinaryPrimitives.WriteUInt16LittleEndian(content.AsSpan(size + 2), 8_000);
        AssertDamaged("1.webp", content, "its pixels end too early");
    }

    [Theory]
    [InlineData("lossless.webp")]
    [InlineData("lossy-alpha.webp")]
    public void Decode_WebPWithAnotherCanvas_IsRefused(string name)
    {
        var content = PillowFixture.Content(PillowFixture.Images, name);
        content[content.AsSpan().IndexOf("VP8X"u8) + 12]++; // the width
        AssertDamaged(name, content, "its headers name different sizes");
    }

    [Fact]
    public void Cases_Kinds_AreAllTested() => Assert.Equal(Cases.Length, Supported.Count + Unsupported.Count);

    /// <summary>Writes a side into the header of an image as its width and its height.</summary>
    private static void AnnounceSize(string name, Span<byte> file, ushort side)
    {
        switch (name.Split('.')[1])
        {
            case "jpg": // after the marker of a frame, its length and the number of bits
                var frame =
                    file.IndexOf<byte>([
                        0xFF,
                        name.Contains("progressive", StringComparison.Ordinal) ? (byte)0xC2 : (byte)0xC0,
                    ]) + 5;
                BinaryPrimitives.WriteUInt16BigEndian(file[frame..], side);
                BinaryPrimitives.WriteUInt16BigEndian(file[(frame + 2)..], side);
                break;
            case "webp": // after the chunk's header and the signature, twice 14 bits
                BinaryPrimitives.WriteUInt32LittleEndian(file[(file.IndexOf("VP8L"u8) + 9)..], 0x0FFF_FFFF);
                break;
            case "gif": // the screen and the first frame
                foreach (var at in new[] { 6, file.IndexOf<byte>([(byte)',', 0, 0, 0, 0]) + 5 })
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(file[at..], side);
                    BinaryPrimitives.WriteUInt16LittleEndian(file[(at + 2)..], side);
                }

                break;
            case "bmp":
                BinaryPrimitives.WriteInt32LittleEndian(file[18..], side);
                BinaryPrimitives.WriteInt32LittleEndian(file[22..], side);
                break;
            default: // the values of the first two tags of a TIFF
                var tags = BinaryPrimitives.ReadInt32LittleEndian(file[4..]) + 2;
                BinaryPrimitives.WriteInt32LittleEndian(file[(tags + 8)..], side);
                BinaryPrimitives.WriteInt32LittleEndian(file[(tags + 20)..], side);
                break;
        }
    }

    private static void AssertDamaged(string name, byte[] content, string why)
    {
        var error = Assert.Throws<TextualInversionException>(() => ImageDecoder.Decode(name, content));
        Assert.StartsWith($"{name}: is damaged or truncated ({why}); ", error.Message, StringComparison.Ordinal);
    }

    private static (int Most, double Mean)? ToleranceOf(string kind) =>
        kind switch
        {
            "exact" => (0, 0),
            // 16 bits to 8: Pillow cuts the lower ones off.
            "rounded" => (1, 0.6),
            // The transforms round differently. The mean is 0.058 at quality 20, and 0.03 or less at 92.
            "jpeg" => (3, 0.06),
            // Colors are repeated rather than interpolated. The hue of these files changes by up to 7 a pixel.
            "jpeg-subsampled" => (10, 2.5),
            "unsupported" => null,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a kind without a tolerance"),
        };
}
