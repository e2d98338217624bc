using System.Text.Json;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.Describe;

/// <summary><c>ti describe</c>, on a small random model.</summary>
public sealed class DescribeCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task Describe_Images_PrintsThePhraseOfAutoAndGeneratesImagesOfIt()
    {
        var (exitCode, output, error) = await DescribeAsync("--count", "2", "--json");

        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        var phrase = json.RootElement.GetProperty("phrase").GetString()!;
        var stages = json.RootElement.GetProperty("stages").EnumerateArray().ToList();
        Assert.Equal(phrase, stages[^1].GetProperty("words").GetString());
        Assert.Equal(json.RootElement.GetProperty("relativeLoss").GetDouble(), Loss(stages[^1]));
        var images = json.RootElement.GetProperty("images").EnumerateArray().Select(image => image.GetString()!);
        Assert.Equal([folder.File("images/0001.png"), folder.File("images/0002.png")], images);
        Assert.All(images, image => Assert.Contains($"a photo of a {phrase}", File.ReadAllText(image)));
        var (_, _, training) = await TiRunner.RunAsync([
            .. Command("train"),
            "--images",
            Goldens.Sample("my-cat"),
            "--token",
            "my-cat",
            "--vectors",
            "1",
            .. Short,
        ]);
        Assert.Contains($"starts from \"{phrase}\"", training);

        static double Loss(JsonElement stage) => stage.GetProperty("relativeLoss").GetDouble();
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task Describe_ClipModelWhereAllWordsAreTried_IsSaidToBeUnused()
    {
        var (exitCode, _, error) = await DescribeAsync("--count", "0", "--clip-model", folder.File("nowhere"));

        Assert.True(exitCode == 0, error);
        Assert.Contains($"warning: --clip-model {folder.File("nowhere")} is not used", error);
    }

    [Fact]
    public async Task Describe_NoImages_IsRefused()
    {
        var (exitCode, _, error) = await TiRunner.RunAsync("describe", folder.Path, "--model", "demo");

        Assert.Equal(1, exitCode);
        Assert.Contains(folder.Path, error);
    }

    [Theory]
    [InlineData("--words", "0")]
    [InlineData("--words", "75")]
    [InlineData("--count", "-1")]
    [InlineData("--search-steps", "0")]
    public async Task Describe_NumberOutOfItsRange_IsRefused(string option, string value)
    {
        var (exitCode, _, error) = await DescribeAsync(option, value);

        Assert.Equal(2, exitCode);
        Assert.Contains(option, error);
        Assert.False(Directory.Exists(folder.File("images")));
    }

    private string[] Short => ["--steps", "1", "--validate-every", "0", "--output", folder.File("run")];

    private Task<(int ExitCode, string Output, string Error)> DescribeAsync(params string[] more)
    {
        string[] one = more.Contains("--words") ? [] : ["--words", "1"];
        return TiRunner.RunAsync([
            .. Command("describe"),
            Goldens.Sample("my-cat"),
            "--output",
            folder.File("images"),
            .. one,
            .. more,
        ]);
    }

    private static string[] Command(string name) =>
        [name, "--model", Goldens.Path("models", "sd1"), "--batch", "10", "--resolution", "32", "--seed", "1"];
}
