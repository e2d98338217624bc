using ImageMagick;
using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Data;

public sealed class ImageFormatsTests
{
    [Theory]
    [InlineData("rgb.jpg", MagickFormat.Jpeg)]
    [InlineData("rgb.png", MagickFormat.Png)]
    [InlineData("lossless.webp", MagickFormat.WebP)]
    [InlineData("palette.gif", MagickFormat.Gif)]
    [InlineData("rgb.bmp", MagickFormat.Bmp)]
    [InlineData("rgb.tif", MagickFormat.Tiff)]
    [InlineData("smooth.avif", MagickFormat.Avif)]
    public void Recognise_ImageFile_NamesItsFormat(string name, MagickFormat expected) =>
        Assert.Equal(expected, ImageFormats.Recognise(PillowFixture.Content(name)));

    [Theory]
    [InlineData("heic", MagickFormat.Heic)]
    [InlineData("hevc", MagickFormat.Heic)]
    [InlineData("mif1", MagickFormat.Heic)]
    [InlineData("msf1", MagickFormat.Heic)]
    [InlineData("avis", MagickFormat.Avif)]
    public void Recognise_Brand_NamesItsFormat(string brand, MagickFormat expected) =>
        Assert.Equal(
            expected,
            ImageFormats.Recognise([0, 0, 0, 24, .. "ftyp"u8, .. System.Text.Encoding.ASCII.GetBytes(brand)])
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
    public void Recognise_SomethingElse_ReturnsNull(string head) =>
        Assert.Null(ImageFormats.Recognise(System.Text.Encoding.ASCII.GetBytes(head)));
}
