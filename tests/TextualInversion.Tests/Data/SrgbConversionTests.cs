using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class SrgbConversionTests
{
    private static readonly byte[] Colors =
    [
        .. new byte[] { 0, 0, 0, 255, 255, 255, 128, 128, 128, 10, 10, 10, 255, 0, 0, 0, 255, 0, 0, 0, 255 },
        .. new byte[] { 200, 80, 60, 60, 180, 90, 40, 60, 170, 230, 200, 180, 20, 40, 10, 250, 120, 10, 100, 100, 101 },
    ];

    /// <summary>The same colors by Pillow 9.4's ImageCms (Little CMS 2.14), relative colorimetric.</summary>
    public static TheoryData<string, byte[]> ByPillow =>
        new()
        {
            {
                nameof(ColorProfile.DisplayP3WithFormula),
                [
                    .. new byte[]
                    {
                        0,
                        0,
                        0,
                        255,
                        255,
                        255,
                        128,
                        128,
                        128,
                        10,
                        10,
                        10,
                        255,
                        0,
                        0,
                        0,
                        255,
                        0,
                        0,
                        0,
                        255,
                    },
                    .. new byte[] { 216, 69, 50, 0, 183, 78, 34, 61, 177, 236, 199, 177, 12, 41, 5, 255, 110, 0 },
                    .. new byte[] { 100, 100, 101 },
                ]
            },
            {
                nameof(ColorProfile.AdobeRgbWithExponent),
                [
                    .. new byte[] { 0, 0, 0, 255, 255, 255, 129, 129, 129, 3, 3, 3, 255, 0, 0, 0, 255, 0, 0, 0, 255 },
                    .. new byte[] { 230, 79, 56, 0, 181, 83, 21, 57, 174, 241, 201, 181, 0, 35, 0, 255, 121, 0 },
                    .. new byte[] { 100, 100, 101 },
                ]
            },
            {
                nameof(ColorProfile.AdobeRgbWithSamples),
                [
                    .. new byte[]
                    {
                        0,
                        0,
                        0,
                        255,
                        255,
                        255,
                        147,
                        147,
                        147,
                        14,
                        14,
                        14,
                        255,
                        0,
                        0,
                        0,
                        255,
                        0,
                        0,
                        0,
                        255,
                    },
                    .. new byte[] { 238, 99, 76, 0, 193, 104, 40, 77, 187, 244, 210, 193, 2, 54, 10, 255, 139, 0 },
                    .. new byte[] { 119, 119, 120 },
                ]
            },
        };

    [Theory]
    [MemberData(nameof(ByPillow))]
    public void Apply_Profile_IsWithinOneOfPillow(string profile, byte[] expected)
    {
        var converted = Colors.ToArray();
        SrgbConversion.From(Make(profile))!.Apply(converted);
        Assert.All(expected.Zip(converted), pair => Assert.InRange(pair.Second - pair.First, -1, 1));
    }

    [Fact]
    public void From_CutAnywhere_IsNullOrWhole()
    {
        var profile = ColorProfile.DisplayP3WithFormula();
        for (var length = 0; length < profile.Length; length++)
            Assert.Null(SrgbConversion.From(profile.AsSpan(0, length)));
        Assert.NotNull(SrgbConversion.From(profile));
    }

    [Theory]
    [InlineData("RGB XYZ ", "CMYKXYZ ")] // ink
    [InlineData("RGB XYZ ", "RGB Lab ")] // by tables
    [InlineData("para", "????")]
    [InlineData("rTRC", "xTRC")]
    public void From_ProfileOfAnotherKind_IsNull(string found, string replacement)
    {
        var profile = ColorProfile.DisplayP3WithFormula();
        var at = profile.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(found));
        System.Text.Encoding.ASCII.GetBytes(replacement).CopyTo(profile, at);
        Assert.Null(SrgbConversion.From(profile));
    }

    [Fact]
    public void DecodeAll_DisplayP3WithCurves_IsConvertedWithoutAWarning()
    {
        var jpeg = ColorProfile.Jpeg(ColorProfile.DisplayP3WithFormula(), 200, 80, 60);
        var decoded = ImageDecoder.DecodeAll("1.jpg", jpeg);
        Assert.Null(decoded.ForeignProfile);
        Assert.All(
            decoded.Rgb.Pixels[..3].Zip(new[] { 216, 69, 50 }),
            pair => Assert.InRange(pair.First - pair.Second, -3, 3) // with the rounding of JPEG
        );
    }

    private static byte[] Make(string profile) =>
        profile switch
        {
            nameof(ColorProfile.DisplayP3WithFormula) => ColorProfile.DisplayP3WithFormula(),
            nameof(ColorProfile.AdobeRgbWithExponent) => ColorProfile.AdobeRgbWithExponent(),
            nameof(ColorProfile.AdobeRgbWithSamples) => ColorProfile.AdobeRgbWithSamples(),
            _ => throw new ArgumentOutOfRangeException(nameof(profile)),
        };
}
