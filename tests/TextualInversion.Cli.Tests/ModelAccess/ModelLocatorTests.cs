using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.ModelAccess;

/// <summary>Which model a name means, and the message if there is none. No network is used.</summary>
public sealed class ModelLocatorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("demo", "recorded/x", "other/x")]
    [InlineData(null, "demo", "other/x")]
    [InlineData(null, null, "demo")]
    public async Task Find_NamedThenRecordedThenVariable_Wins(string? named, string? recorded, string variable)
    {
        var (name, files) = await FindAsync(named, recorded, variable);

        Assert.Equal("demo", name);
        Assert.True(files.Has("unet/config.json"));
    }

    [Fact]
    public async Task Find_Folder_IsTakenBeforeAHubId()
    {
        var path = TiRunner.CopyOfDemoModel(folder);

        Assert.Equal(path, (await FindAsync(path, null, null)).Files.Path);
    }

    [Fact]
    public async Task Find_NothingNamed_MeansTheDefaultAndOffersDemo()
    {
        var error = await ErrorAsync(null, null, null);

        Assert.StartsWith("stable-diffusion-v1-5/stable-diffusion-v1-5: is not in the cache", error);
        Assert.Contains("It is the default model.", error);
        Assert.Contains("demo, the small model", error);
    }

    [Fact]
    public async Task Find_RecordedFolderIsGone_SaysSo()
    {
        var error = await ErrorAsync(null, "/models/gone", null);

        Assert.StartsWith("/models/gone: no such model; name a diffusers folder, ", error);
        Assert.Contains("owner/name. The embedding was trained on it; name it with --model.", error);
    }

    [Theory]
    [InlineData("./sd15")]
    [InlineData("sd15")]
    [InlineData("models/sd15.safetensors")]
    [InlineData("a/b/c")]
    public async Task Find_NeitherFolderNorId_IsNotLookedForOnTheHub(string model) =>
        Assert.StartsWith($"{model}: no such model", await ErrorAsync(model, null, null));

    [Fact]
    public async Task Find_VariableNamesNothing_IsSaid() =>
        Assert.Contains("TI_MODEL names it.", await ErrorAsync(null, null, "/nowhere"));

    private async Task<string> ErrorAsync(string? named, string? recorded, string? variable) =>
        (await Assert.ThrowsAsync<TextualInversionException>(() => FindAsync(named, recorded, variable))).Message;

    private Task<(string Name, TextualInversion.Checkpoints.IModelFiles Files)> FindAsync(
        string? named,
        string? recorded,
        string? variable
    ) =>
        new ModelLocator(name =>
            name switch
            {
                "TI_MODEL" => variable,
                "HF_HUB_OFFLINE" => "1",
                "HF_HUB_CACHE" => folder.File("hub"),
                _ => null,
            }
        ).FindAsync(
            new ModelRequest(named),
            recorded,
            new ConsoleLog(TextWriter.Null, quiet: true),
            CancellationToken.None
        );
}
