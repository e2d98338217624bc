using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;
using TextualInversion.Cli.Check;
using TextualInversion.Tests.Fixtures;
using SharpImage = SixLabors.ImageSharp.Image;

namespace TextualInversion.Cli.Tests.Check;

public sealed class ImageCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Look_Samples_FindsNothing()
    {
        foreach (var sample in new[] { "my-cat", "my-dog", "my-boat", "my-mushroom", "my-style" })
        {
            var (images, findings) = Look([Goldens.Sample(sample)], new TrainOptions());
            Assert.Equal(5, images.Count);
            Assert.Empty(findings);
        }
    }

    [Fact]
    public void Look_BlurredImage_WarnsOfItAlone()
    {
        Copies(2);
        var blurred = Change("my-dog", "9.png", image => image.GaussianBlur(4));
        AssertWarns($"{blurred}: is blurred (sharpness ");
    }

    [Fact]
    public void Look_DarkImage_WarnsOfItAlone()
    {
        Copies(2);
        var dark = Change("my-dog", "9.png", image => image.Brightness(0.15f));
        AssertWarns($"{dark}: is very dark (brightness 0.0");
    }

    [Fact]
    public void Look_SmallImage_WarnsThatItIsEnlargedAndNotThatItIsBlurred()
    {
        Copies(2);
        var small = Change("my-dog", "9.png", image => image.Resize(24, 24));
        AssertWarns($"{small}: 24 x 24 pixels are enlarged to 128 x 128");
    }

    [Fact]
    public void Look_ImageSavedAnew_NamesItsTwin()
    {
        Copies(3);
        var again = Change("my-cat", "9.jpg", image => image.Resize(150, 150));
        AssertWarns($"{again}: is nearly the same as {folder.File("1.png")}; ");
    }

    [Fact]
    public void Look_TwoImages_WarnsThatTheyAreFew()
    {
        Copies(2);
        AssertWarns("2 images are few: ");
    }

    [Fact]
    public void Look_StrayFile_IsNamed()
    {
        Copies(3);
        var stray = folder.Write("notes.md", "text");
        AssertWarns($"{stray}: is not an image that can be read");
    }

    [Fact]
    public void Look_ImageWithBars_WarnsOfThem()
    {
        Copies(2);
        var barred = Change("my-dog", "9.png", image => image.Resize(128, 100).Pad(128, 128, Color.Black));
        AssertWarns($"{barred}: has black bars (14 pixels at the top, 14 at the bottom)");
    }

    [Fact]
    public void Look_BrokenImage_IsAnErrorAndTheOthersAreLookedAt()
    {
        Copies(3);
        var broken = folder.Write("9.png", File.ReadAllBytes(Goldens.Sample("my-dog", "1.png"))[..2000]);

        var (images, findings) = Look([folder.Path], new TrainOptions());

        Assert.Equal(3, images.Count);
        var finding = Assert.Single(findings);
        Assert.Equal((Severity.Error, CheckSubject.Images), (finding.Severity, finding.Subject));
        Assert.StartsWith($"{broken}: is damaged or truncated", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Look_NoSuchFolder_IsAnError()
    {
        var (images, findings) = Look([folder.File("nowhere")], new TrainOptions());
        Assert.Empty(images);
        Assert.Equal(
            $"{folder.File("nowhere")}: there is no such file or folder; check the spelling.",
            Assert.Single(findings).Message
        );
    }

    [Fact]
    public void Look_Image_IsDescribed()
    {
        folder.Write("2_side/1.png", PillowFixture.Content("exif6.png"));
        folder.Write(
            "1_other/1.png",
            PngFile.Make(300, 150, (x, y) => [(byte)(x * y), (byte)x, (byte)y, (byte)(x < 150 ? 255 : 0)])
        );
        folder.Write("1_other/2.png", PngFile.Make(150, 150, (x, y) => [(byte)(x ^ y), (byte)y, (byte)x, 255]));

        var (images, _) = Look([folder.Path], new TrainOptions { Crop = CropMode.Bucket });

        Assert.Equal(
            [(300, 150, 176, 80, 1, false), (150, 150, 128, 128, 1, false), (14, 18, 112, 144, 2, true)],
            images.Select(image =>
                (image.Width, image.Height, image.LearnedWidth, image.LearnedHeight, image.Repeats, image.Turned)
            )
        );
    }

    [Fact]
    public void Look_Mask_SaysHowMuchCounts()
    {
        folder.Write(
            "1.png",
            PngFile.Make(128, 128, (x, y) => [(byte)(x * y), (byte)x, (byte)y, (byte)(x < 32 ? 255 : 0)])
        );
        var (images, _) = Look([folder.Path], new TrainOptions { Mask = new MaskSource(null) });
        Assert.Equal(0.25, Assert.Single(images).Counted, 1e-9);
    }

    private void Copies(int count)
    {
        for (var i = 1; i <= count; i++)
            File.Copy(Goldens.Sample("my-cat", $"{i}.png"), folder.File($"{i}.png"));
    }

    private string Change(string sample, string name, Action<IImageProcessingContext> change)
    {
        using var image = SharpImage.Load<Rgb24>(Goldens.Sample(sample, "1.png"));
        image.Mutate(change);
        image.Save(folder.File(name));
        return folder.File(name);
    }

    private void AssertWarns(string expected)
    {
        var finding = Assert.Single(Look([folder.Path], new TrainOptions()).Findings);
        Assert.Equal(Severity.Warning, finding.Severity);
        Assert.StartsWith(expected, finding.Message, StringComparison.Ordinal);
    }

    private static (IReadOnlyList<CheckedImage> Images, IReadOnlyList<CheckFinding> Findings) Look(
        string[] paths,
        TrainOptions options
    )
    {
        var findings = new CheckFindings(problem => problem.Message);
        return (new ImageCheck(options, 128, findings).Look(paths, CancellationToken.None), findings.All);
    }
}
