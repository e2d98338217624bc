using TextualInversion.Data;
using TextualInversion.Tests.Fixtures;
using Xunit.Abstractions;

namespace TextualInversion.Tests.Fuzzing;

/// <summary>
/// Damaged images of every format: each is either decoded or refused with a <see cref="TextualInversionException"/>
/// that names it, without a hang and with little memory. <c>scripts/fuzz</c> runs longer.
/// </summary>
[Collection(FuzzRun.Collection)]
public sealed class ImageFuzzTests(ITestOutputHelper output)
{
    private const int ShortRun = 400; // files of each format

    // A damaged header may announce the largest image, which takes up to 15 bytes a pixel while it is decoded.
    private const long MostBytes = ImageDecoder.MaxPixels * 15;

    public static TheoryData<string> Formats => ["jpg", "png", "webp", "gif", "bmp", "tif"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Decode_DamagedImage_IsDecodedOrRefused(string format)
    {
        var next = Corpus(format).Select(original => Damaging(format, original)).ToList();
        using var run = new FuzzRun(format, ShortRun);
        while (run.GoesOn)
        {
            var random = new Random(run.Begin());
            var content = next[random.Next(next.Count)](random);
            run.End(content.Length, wasRead: IsDecoded(content, run.What));
        }

        run.Finish(output, MostBytes);
    }

    private static List<byte[]> Corpus(string format) =>
        [
            .. PillowFixture
                .Cases(PillowFixture.Images)
                .Select(item => item.GetProperty("name").GetString()!)
                .Where(name => name.EndsWith($".{format}", StringComparison.Ordinal))
                .Select(name => PillowFixture.Content(PillowFixture.Images, name)),
        ];

    private static Func<Random, byte[]> Damaging(string format, byte[] original) =>
        format switch
        {
            "png" => new PngDamage(original).Next,
            "webp" => new WebPDamage(original).Next,
            _ => random => Damage.OfBytes(original, random),
        };

    private static bool IsDecoded(byte[] content, string what)
    {
        try
        {
            var image = ImageDecoder.DecodeAll("file", content);
            Assert.Equal(image.Rgb.WidthPixels * image.Rgb.HeightPixels * 3, image.Rgb.Pixels.Length);
            return true;
        }
        catch (TextualInversionException refused)
        {
            Assert.StartsWith("file: ", refused.Message, StringComparison.Ordinal);
            Assert.False(refused.InnerException is OutOfMemoryException, what);
            return false;
        }
        catch (Exception error) when (error is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what}: {error}");
            return false;
        }
    }
}
