using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Library;

[Trait("Category", Goldens.Category)]
public sealed class StableDiffusionModelTests
{
    private static readonly LoadOptions Offline = new()
    {
        Device = "cpu",
        Hub = new HubOptions { Offline = true },
    };

    [Theory]
    [InlineData("sd1", ModelFamily.StableDiffusion)]
    [InlineData("sdxl", ModelFamily.StableDiffusionXl)]
    public async Task LoadAsync_Folder_KnowsItsFamily(string name, ModelFamily family)
    {
        var path = Goldens.Path("models", name);

        using var model = await StableDiffusionModel.LoadAsync(path, Offline);

        Assert.Equal((path, family), (model.Source, model.Family));
        Assert.True(model.Resolution > 0);
    }

    [Fact]
    public async Task LoadAsync_SingleFile_IsTheFolder()
    {
        var options = Offline with { Config = Goldens.Path("models", "sd1") };
        using var file = await StableDiffusionModel.LoadAsync(
            Goldens.Path("models", "sd1-original.safetensors"),
            options
        );
        using var folder = await StableDiffusionModel.LoadAsync(Goldens.Path("models", "sd1"), Offline);

        Assert.Equal(Generate(folder).Pixels.ToArray(), Generate(file).Pixels.ToArray());

        static Image Generate(StableDiffusionModel model)
        {
            using var generator = model.CreateGenerator();
            return generator.Generate(
                "a cat",
                seed: 1,
                new GenerateOptions
                {
                    Steps = 1,
                    Width = 16,
                    Height = 16,
                }
            );
        }
    }

    [Fact]
    public async Task LoadAsync_HubId_DownloadsIntoTheCache()
    {
        using var folder = new TemporaryFolder();
        using var server = TinyRepository.Serve();
        var reports = new List<DownloadProgress>();
        var options = new LoadOptions
        {
            Hub = new HubOptions { Endpoint = server.Address, CacheFolder = folder.Path },
            DownloadProgress = new ImmediateProgress<DownloadProgress>(reports.Add),
        };

        // The files of this repository are not a model's, so they are downloaded and then refused.
        await Assert.ThrowsAsync<TextualInversionException>(() =>
            StableDiffusionModel.LoadAsync("artist/tiny", options)
        );

        Assert.NotEmpty(Directory.GetFiles(folder.Path, "*.safetensors", SearchOption.AllDirectories));
        Assert.Contains(reports, report => report.Bytes > 0);
    }

    [Theory]
    [InlineData("no-such-folder")]
    [InlineData("no-such-file.safetensors")]
    [InlineData("owner/name")]
    public async Task LoadAsync_NoSuchModel_Throws(string source)
    {
        using var folder = new TemporaryFolder();
        var options = Offline with { Hub = Offline.Hub with { CacheFolder = folder.Path } };

        await Assert.ThrowsAsync<TextualInversionException>(() => StableDiffusionModel.LoadAsync(source, options));
    }

    public static TheoryData<string, LoadOptions> WrongOptions =>
        new()
        {
            { nameof(LoadOptions.Device), Offline with { Device = "tpu" } },
            { nameof(LoadOptions.Config), Offline with { Config = "somewhere" } },
            { "no-such-vae", Offline with { Vae = "no-such-vae" } },
        };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task LoadAsync_OptionThatIsWrong_IsNamed(string named, LoadOptions options)
    {
        var problem = await Assert.ThrowsAsync<TextualInversionException>(() =>
            StableDiffusionModel.LoadAsync(Goldens.Path("models", "sd1"), options)
        );

        Assert.Contains(named, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateGenerator_AfterDispose_Throws()
    {
        var model = await StableDiffusionModel.LoadAsync(Goldens.Path("models", "sd1"), Offline);
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => model.CreateGenerator());
        model.Dispose();
    }
}
