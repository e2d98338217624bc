using System.Buffers.Binary;
using System.Text;

namespace TextualInversion.Data;

/// <summary>Recognizes color profiles other than sRGB (ICC.1:2022, profile layout).</summary>
internal static class IccProfile
{
    private const int HeaderBytes = 128,
        EntryBytes = 12;
    private const double Tolerance = 0.01;

    // The primaries of sRGB under D50, the white of profiles: X, Y, Z of red, green and blue.
    private static readonly double[] Srgb = [0.436, 0.222, 0.014, 0.385, 0.717, 0.097, 0.143, 0.061, 0.714];

    /// <summary>The name of a profile, or null if its colors are those of sRGB or it cannot be read.</summary>
    public static string? NameUnlessSrgb(ReadOnlySpan<byte> profile)
    {
        if (profile.Length < HeaderBytes + 4 || !profile[16..].StartsWith("RGB "u8))
            return null; // gray, or ink, whose conversion does not use the profile
        var name = Description(Find(profile, "desc"u8));
        if (name.Contains("sRGB", StringComparison.OrdinalIgnoreCase))
            return null;
        double[] colors =
        [
            .. Xyz(Find(profile, "rXYZ"u8)),
            .. Xyz(Find(profile, "gXYZ"u8)),
            .. Xyz(Find(profile, "bXYZ"u8)),
        ];
        var isSrgb = colors.Length == Srgb.Length && colors.Zip(Srgb).All(IsNear);
        return isSrgb ? null : name;

        static bool IsNear((double Own, double Srgb) pair) => Math.Abs(pair.Own - pair.Srgb) < Tolerance;
    }

    /// <summary>Whether the profile tells how red, green and blue make X, Y and Z.</summary>
    public static bool IsRgbOverXyz(ReadOnlySpan<byte> profile) =>
        profile.Length >= HeaderBytes + 4 && profile[16..].StartsWith("RGB XYZ "u8);

    /// <summary>The content of a tag; empty if the profile does not have it or is cut off.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> profile, ReadOnlySpan<byte> tag)
    {
        var entries = profile[(HeaderBytes + 4)..];
        for (; entries.Length >= EntryBytes; entries = entries[EntryBytes..])
        {
            if (!entries.StartsWith(tag))
                continue;
            var (start, length) = (Number(entries[4..]), Number(entries[8..]));
            return (long)start + length <= profile.Length ? profile.Slice((int)start, (int)length) : [];
        }

        return [];
    }

    /// <summary>Three such numbers, after the eight bytes of the type; empty if they are cut off.</summary>
    public static double[] Xyz(ReadOnlySpan<byte> tag) =>
        tag.Length < 20 ? [] : [Fixed(tag[8..]), Fixed(tag[12..]), Fixed(tag[16..])];

    /// <summary>A number with 16 bits after the point.</summary>
    public static double Fixed(ReadOnlySpan<byte> bytes) => (int)Number(bytes) / 65536.0;

    /// <summary>The profile's name: ASCII in version 2, otherwise the first of several languages in UTF-16.</summary>
    private static string Description(ReadOnlySpan<byte> tag)
    {
        const string Unnamed = "unnamed";
        if (tag.Length < 28)
            return Unnamed;
        var isOld = tag.StartsWith("desc"u8);
        var (start, length) = isOld ? (12u, Number(tag[8..])) : (Number(tag[24..]), Number(tag[20..]));
        if ((long)start + length > tag.Length)
            return Unnamed;
        var text = tag.Slice((int)start, (int)length);
        var name = (isOld ? Encoding.ASCII : Encoding.BigEndianUnicode).GetString(text).Trim('\0', ' ');
        return name.Length == 0 ? Unnamed : name;
    }

    private static uint Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
