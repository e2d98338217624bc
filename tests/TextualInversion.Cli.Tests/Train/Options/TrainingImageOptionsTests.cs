using System.Globalization;
using System.Text.Json;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Train.Options;

/// <summary>The use of images and captions in <c>ti train</c>.</summary>
[Trait("Category", "EndToEnd")]
public sealed class TrainingImageOptionsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Train_Bucket_LearnsEachImageAtItsShape()
    {
        folder.Write("images/1.png", PngFile.Make(300, 200, (x, y) => [(byte)x, (byte)y, 0, 255]));
        folder.Write("images/2.png", PngFile.Make(200, 200, (x, y) => [(byte)x, (byte)y, 0, 255]));

        var (record, error) = await TrainAsync("--crop", "bucket");

        Assert.Contains("2 images at 40 x 24 (1), 32 x 32 (1)", error);
        Assert.Equal(
            [(40, 24), (32, 32)],
            record
                .GetProperty("images")
                .EnumerateArray()
                .Select(image =>
                    (image.GetProperty("learnedWidth").GetInt32(), image.GetProperty("learnedHeight").GetInt32())
                )
        );
    }

    [Fact]
    public async Task Train_OneImage_IsCalledOne()
    {
        Images(1);

        var (_, error) = await TrainAsync();

        Assert.Contains(", 1 image at ", error);
    }

    [Fact]
    public async Task Train_WhiteMask_GivesTheBytesOfNoMask()
    {
        Images(3);
        for (var i = 1; i <= 3; i++)
            folder.Write($"masks/{i}.png", PngFile.Gray(64, 64, (_, _) => 255));

        Assert.Equal(await MetricsAsync(), await MetricsAsync("--mask", folder.File("masks")));
    }

    [Fact]
    public async Task Train_Mask_ChangesStepsAndValidationAndIsRecorded()
    {
        Images(3);
        for (var i = 1; i <= 3; i++)
            folder.Write($"masks/{i}.png", PngFile.Gray(64, 64, (x, _) => (byte)(x < 32 ? 255 : 0)));

        var whole = await MetricsAsync();
        var masked = await MetricsAsync("--mask", folder.File("masks"));
        var (record, error) = await TrainAsync("--mask", folder.File("masks"));

        Assert.All(
            whole.Zip(masked).Skip(2),
            pair => Assert.NotEqual(pair.First.Split(',')[1], pair.Second.Split(',')[1])
        );
        Assert.NotEqual(whole[^1].Split(',')[2], masked[^1].Split(',')[2]);
        Assert.Contains($"masks: {folder.File("masks")}", error);
        Assert.EndsWith(
            "1.png",
            record.GetProperty("images")[0].GetProperty("mask").GetString(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(new[] { "--captions" }, "only")]
    [InlineData(new[] { "--captions", "true" }, "only")]
    [InlineData(new[] { "--captions", "only" }, "only")]
    [InlineData(new[] { "--captions", "Mixed" }, "mixed")]
    [InlineData(new[] { "--captions", "false" }, "off")]
    [InlineData(new[] { "--captions=off" }, "off")]
    [InlineData(new string[0], "only")]
    public async Task Train_Captions_AreUsedAsSaid(string[] said, string expected)
    {
        Images(1);
        folder.Write("images/1.txt", "a cat, red");

        var (record, error) = await TrainAsync(said);

        Assert.Equal(expected, record.GetProperty("options").GetProperty("captions").GetString());
        Assert.Equal(expected != "off", error.Contains("\"a <my-cat>, red\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_CaptionsWrong_IsWrongUsage()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync(
            "train",
            "--images",
            "x",
            "--token",
            "my-cat",
            "--captions",
            "sometimes"
        );
        Assert.Equal(2, exitCode);
        Assert.Contains("--captions sometimes: choose only, mixed or off.", error);
    }

    [Theory]
    [InlineData(new string[0], false, true)]
    [InlineData(new[] { "--flip" }, true, false)]
    [InlineData(new[] { "--no-flip" }, false, false)]
    [InlineData(new[] { "--captions", "off" }, true, false)]
    [InlineData(new[] { "--compatible", "diffusers", "--captions" }, true, false)]
    public async Task Train_CaptionWithLeft_IsNotMirroredUnlessAsked(string[] said, bool flips, bool warns)
    {
        Images(1);
        var caption = folder.Write("images/1.txt", "a cat, looking left");

        var (record, error) = await TrainAsync(said);

        Assert.Equal(flips, record.GetProperty("options").GetProperty("flip").GetBoolean());
        Assert.Equal(
            warns,
            error.Contains(
                $"warning: images are not flipped, since {caption} says \"left\"; use --flip to flip them anyway",
                StringComparison.Ordinal
            )
        );
    }

    [Fact]
    public async Task Train_TemplateWithSign_IsNotMirrored()
    {
        Images(1);
        folder.Write("templates.txt", "a photo of {}\na sign with {}");
        Assert.Contains(
            "since the templates says \"sign\"",
            (await TrainAsync("--templates", folder.File("templates.txt"))).Error
        );
    }

    [Fact]
    public async Task Train_HoldOut_ReportsTheImageThatIsNotLearned()
    {
        Images(5);

        var (record, error) = await TrainAsync("--hold-out", "--validate-every", "1");

        Assert.Contains($"{folder.File("images/5.png")} is held out of training and measured", error);
        Assert.Contains($"held-out {folder.File("images/5.png")}: ", error);
        var heldOut = record.GetProperty("result").GetProperty("validation").GetProperty("heldOut");
        var lines = (await File.ReadAllLinesAsync(folder.File("runs/my-cat/metrics.csv")))
            .Select(line => line.Split(','))
            .ToList();
        Assert.Equal("held_out_loss", lines[0][5]);
        Assert.Equal(
            heldOut.GetProperty("final").GetDouble(),
            double.Parse(lines[^1][5], CultureInfo.InvariantCulture),
            1e-6
        );
        Assert.Equal(
            [false, false, false, false, true],
            record.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("heldOut").GetBoolean())
        );
    }

    /// <summary>Changing the held-out image changes no step.</summary>
    [Fact]
    public async Task Train_HoldOut_LearnsNothingFromThatImage()
    {
        Images(5);
        var before = (await MetricsAsync("--hold-out"))
            .Select(line => line.Split(','))
            .Select(fields => (fields[1], fields[2]));
        folder.Write("images/5.png", PngFile.Gray(64, 64, (x, y) => (byte)(x * y)));
        var after = (await MetricsAsync("--hold-out"))
            .Select(line => line.Split(','))
            .Select(fields => (fields[1], fields[2]));
        Assert.Equal(before, after);
    }

    [Theory]
    [InlineData("--hold-out needs 5 images, or 2 that have captions, and there are 3")]
    [InlineData(
        "--hold-out measures an image in each validation, and validation is turned off",
        "--validate-every",
        "0"
    )]
    public async Task Train_HoldOutThatCannotBe_IsRefused(string expected, params string[] more)
    {
        Images(3);
        var (exitCode, _, error) = await TiRunner.RunAsync([.. Command(), "--hold-out", .. more]);
        TiRunner.AssertRefused(exitCode, error);
        Assert.Contains(expected, error);
    }

    [Fact]
    public async Task Train_NumberedFolders_SaysHowOftenImagesCount()
    {
        folder.Write("images/20_cat/1.png", File.ReadAllBytes(Goldens.Sample("my-cat", "1.png")));
        folder.Write("images/10_other/1.png", File.ReadAllBytes(Goldens.Sample("my-cat", "2.png")));

        var (record, error) = await TrainAsync();

        Assert.Contains(
            "as their folders' names say, images count: "
                + $"{folder.File("images/10_other")} x 1, {folder.File("images/20_cat")} x 2",
            error
        );
        Assert.Equal(
            [1, 2],
            record.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("repeats").GetInt32())
        );
    }

    [Fact]
    public async Task Train_TagsWithoutDescriptions_Warns()
    {
        Images(1);
        Assert.Contains(
            "warning: no image has a caption that is used, so there are no tags to shuffle, drop or keep",
            (await TrainAsync("--shuffle-tags")).Error
        );
    }

    private void Images(int count)
    {
        for (var i = 1; i <= count; i++)
            folder.Write($"images/{i}.png", File.ReadAllBytes(Goldens.Sample("my-cat", $"{i}.png")));
    }

    private string[] Command() =>
        [
            "train",
            "--model",
            Goldens.Path("models", "sd1"),
            "--images",
            folder.File("images"),
            "--token",
            "my-cat",
            "--initializer",
            "cat",
            "--seed",
            "1",
            "--resolution",
            "32",
            "--steps",
            "2",
            "--output",
            folder.Path,
            "--overwrite",
        ];

    private async Task<(JsonElement Record, string Error)> TrainAsync(params string[] more)
    {
        var (exitCode, _, error) = await TiRunner.RunAsync([.. Command(), .. more]);
        Assert.True(exitCode == 0, error);
        return (
            JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("runs/my-cat/run.json"))).RootElement,
            error
        );
    }

    private async Task<string[]> MetricsAsync(params string[] more)
    {
        await TrainAsync(more);
        return await File.ReadAllLinesAsync(folder.File("runs/my-cat/metrics.csv"));
    }
}
