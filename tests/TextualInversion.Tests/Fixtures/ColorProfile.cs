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

    /// <summary>A profile as phones write it, with its name in UTF-16.</summary>
    public static byte[] MakeDisplayP3() => Make(DisplayP3, "mluc", Localized("Display P3"));

    /// <summary>The colors of sRGB under another name, in ASCII.</summary>
    public static byte[] MakeSrgbOfAnotherName() => Make(Srgb, "desc", [.. Number(5), .. "Mine\0"u8, .. new byte[24]]);

    /// <summary>A plain gray JPEG with the profile.</summary>
    public static byte[] DisplayP3Jpeg()
    {
        var jpeg = ImageEncoder.ToJpeg(new RgbImage([.. Enumerable.Repeat((byte)100, 16 * 16 * 3)], 16, 16), 95);
        byte[] data = [.. "ICC_PROFILE\0"u8, 1, 1, .. MakeDisplayP3()];
        var length = data.Length + 2;
        return [.. jpeg[..2], 0xFF, 0xE2, (byte)(length >> 8), (byte)length, .. data, .. jpeg[2..]];
    }

    private static byte[] Make(double[] colors, string descriptionType, byte[] description)
    {
        (string Tag, byte[] Data)[] tags =
        [
            ("desc", [.. Encoding.ASCII.GetBytes(descriptionType), 0, 0, 0, 0, .. description]),
            ("rXYZ", Xyz(colors[..3])),
            ("gXYZ", Xyz(colors[3..6])),
            ("bXYZ", Xyz(colors[6..])),
        ];
        var header = new byte[128];
        "RGB "u8.CopyTo(header.AsSpan(16));
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

    private static byte[] Xyz(double[] values) =>
        [.. "XYZ \0\0\0\0"u8, .. values.SelectMany(value => Number((int)Math.Round(value * 65536)))];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
