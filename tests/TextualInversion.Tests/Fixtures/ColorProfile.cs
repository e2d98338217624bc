using System.Buffers.Binary;
using System.Text;
using TextualInversion.Data;

namespace TextualInversion.Tests.Fixtures;

/// <summary>Makes color profiles.</summary>
internal static class ColorProfile
{
    // X, Y, Z of red, green and blue under D50.
    private static readonly double[] DisplayP3 =
    [
        0.5151,
        0.2412,
        -0.0011,
        0.2920,
        0.6922,
        0.0419,
        0.1571,
        0.0666,
        0.7841,
    ];
    private static readonly double[] Srgb = [0.4361, 0.2225, 0.0139, 0.3851, 0.7169, 0.0971, 0.1431, 0.0606, 0.7141];

    private static readonly double[] AdobeRgb =
    [
        0.60974,
        0.31111,
        0.01947,
        0.20528,
        0.62567,
        0.06087,
        0.14919,
        0.06322,
        0.74457,
    ];

    /// <summary>As phones write it, with a name in UTF-16, but without curves.</summary>
    public static byte[] MakeDisplayP3() => Make(DisplayP3, "mluc", Localized("Display P3"));

    /// <summary>As phones write it: with the curve of sRGB as a formula.</summary>
    public static byte[] DisplayP3WithFormula() =>
        Make(
            DisplayP3,
            "mluc",
            Localized("Display P3"),
            [.. "para\0\0\0\0\0\x03\0\0"u8, .. Fixed([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])]
        );

    /// <summary>As cameras write it: with an exponent.</summary>
    public static byte[] AdobeRgbWithExponent() =>
        Make(AdobeRgb, "mluc", Localized("Adobe RGB"), [.. "curv\0\0\0\0"u8, .. Number(1), .. Short(563)]);

    /// <summary>With a curve of 16 samples.</summary>
    public static byte[] AdobeRgbWithSamples()
    {
        var samples = Enumerable.Range(0, 16).Select(i => (int)Math.Round(65535 * Math.Pow(i / 15.0, 1.8)));
        return Make(
            AdobeRgb,
            "mluc",
            Localized("Adobe RGB"),
            [.. "curv\0\0\0\0"u8, .. Number(16), .. samples.SelectMany(Short)]
        );
    }

    /// <summary>The colors of sRGB under another name, in ASCII.</summary>
    public static byte[] MakeSrgbOfAnotherName() => Make(Srgb, "desc", [.. Number(5), .. "Mine\0"u8, .. new byte[24]]);

    /// <summary>A JPEG of a plain gray with the profile that has no curves.</summary>
    public static byte[] DisplayP3Jpeg() => Jpeg(MakeDisplayP3(), 100, 100, 100);

    /// <summary>A JPEG of one color with a profile.</summary>
    public static byte[] Jpeg(byte[] profile, byte red, byte green, byte blue)
    {
        byte[] pixels = [.. Enumerable.Repeat(new[] { red, green, blue }, 16 * 16).SelectMany(pixel => pixel)];
        var jpeg = ImageEncoder.ToJpeg(new RgbImage(pixels, 16, 16), 95);
        byte[] data = [.. "ICC_PROFILE\0"u8, 1, 1, .. profile];
        var length = data.Length + 2;
        return [.. jpeg[..2], 0xFF, 0xE2, (byte)(length >> 8), (byte)length, .. data, .. jpeg[2..]];
    }

    private static byte[] Make(double[] colors, string descriptionType, byte[] description, byte[]? curve = null)
    {
        (string Tag, byte[] Data)[] tags =
        [
            ("desc", [.. Encoding.ASCII.GetBytes(descriptionType), 0, 0, 0, 0, .. description]),
            ("rXYZ", Xyz(colors[..3])),
            ("gXYZ", Xyz(colors[3..6])),
            ("bXYZ", Xyz(colors[6..])),
            .. curve is null ? [] : new[] { ("rTRC", curve), ("gTRC", curve), ("bTRC", curve) },
        ];
        var header = new byte[128];
        "RGB XYZ "u8.CopyTo(header.AsSpan(16));
        var start = header.Length + 4 + 12 * tags.Length;
        List<byte> table = [],
            values = [];
        foreach (var (tag, data) in tags)
        {
            table.AddRange([.. Encoding.ASCII.GetBytes(tag), .. Number(start + values.Count), .. Number(data.Length)]);
            values.AddRange(data);
        }

        return [.. header, .. Number(tags.Length), .. table, .. values];
    }

    private static byte[] Localized(string name)
    {
        var text = Encoding.BigEndianUnicode.GetBytes(name);
        return [.. Number(1), .. Number(12), .. "enUS"u8, .. Number(text.Length), .. Number(28), .. text];
    }

    private static byte[] Xyz(double[] values) => [.. "XYZ \0\0\0\0"u8, .. Fixed(values)];

    private static IEnumerable<byte> Fixed(IEnumerable<double> values) =>
        values.SelectMany(value => Number((int)Math.Round(value * 65536)));

    private static byte[] Short(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
