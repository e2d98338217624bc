using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class ImageFormatsTests
{
    [Theory]
    [InlineData("rgb.jpg", nameof(ImageFormat.Jpeg))]
    [InlineData("rgb.png", nameof(ImageFormat.Png))]
    [InlineData("lossless.webp", nameof(ImageFormat.WebP))]
    [InlineData("palette.gif", nameof(ImageFormat.Gif))]
    [InlineData("rgb.bmp", nameof(ImageFormat.Bmp))]
    [InlineData("rgb.tif", nameof(ImageFormat.Tiff))]
    [InlineData("smooth.avif", nameof(ImageFormat.Avif))]
    public void Recognize_ImageFile_NamesItsFormat(string name, string expected) =>
        Assert.Equal(expected, ImageFormats.Recognize(PillowFixture.Content(name)).ToString());

    [Theory]
    [InlineData("heic", nameof(ImageFormat.Heic))]
    [InlineData("hevc", nameof(ImageFormat.Heic))]
    [InlineData("mif1", nameof(ImageFormat.Heic))]
    [InlineData("msf1", nameof(ImageFormat.Heic))]
    [InlineData("avis", nameof(ImageFormat.Avif))]
    public void Recognize_Brand_NamesItsFormat(string brand, string expected) =>
        Assert.Equal(
            expected,
            ImageFormats.Recognize([0, 0, 0, 24, .. "ftyp"u8, .. System.Text.Encoding.ASCII.GetBytes(brand)]).ToString()
        );

    [Fact]
    public void CanDecode_Format_IsSoUnlessItIsOfAPhoneOrTheWeb() =>
        Assert.Equal(
            [ImageFormat.Heic, ImageFormat.Avif],
            Enum.GetValues<ImageFormat>().Where(format => !ImageFormats.CanDecode(format))
        );

    [Theory]
    [InlineData("")]
    [InlineData("BM")]
    [InlineData("BMW, a photo of a car.")]
    [InlineData("RIFF0000WAVE")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("push graphic-context")]
    [InlineData("%PDF-1.7")]
    [InlineData("%!PS-Adobe-3.0")]
    [InlineData("0000ftypisom")]
    [InlineData("0000ftypqt  ")]
    public void Recognize_SomethingElse_ReturnsNull(string head) =>
        Assert.Null(ImageFormats.Recognize(System.Text.Encoding.ASCII.GetBytes(head)));
}
