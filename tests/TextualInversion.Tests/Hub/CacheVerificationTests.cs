using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

public sealed class CacheVerificationTests : IDisposable
{
    private readonly HubFixture hub = new();

    public void Dispose() => hub.Dispose();

    [Fact]
    public async Task Run_WholeSnapshot_FindsNothing()
    {
        var files = await CacheVerification.RunAsync(await hub.GetAsync(), progress: null, CancellationToken.None);

        Assert.Equal(TinyRepository.Needed.Order(StringComparer.Ordinal), files.Select(file => file.Path));
        Assert.All(files, file => Assert.True(file is { Problem: null, IsChecked: true }));
        Assert.All(files, file => Assert.Equal(hub.Server.Files[file.Path].Length, file.Bytes));
    }

    [Fact]
    public async Task Run_Damage_IsNamed()
    {
        var snapshot = await hub.GetAsync();
        using (var stream = File.OpenWrite(hub.Blob(TinyRepository.Unet)))
            stream.WriteByte(0xff); // same size
        await File.AppendAllTextAsync(hub.Blob("vae/config.json"), "more");
        File.Delete(hub.Blob("unet/config.json"));
        File.Delete(Path.Combine(snapshot, "model_index.json"));
        await File.WriteAllTextAsync(Path.Combine(snapshot, "model_index.json"), "a copy, as on Windows");

        var files = await CacheVerification.RunAsync(snapshot, progress: null, CancellationToken.None);

        Assert.Equal(
            ["unet/config.json", TinyRepository.Unet, "vae/config.json"],
            files.Where(file => file.Problem is not null).Select(file => file.Path)
        );
        Assert.Equal("is missing", files.Single(file => file.Path == "unet/config.json").Problem);
        Assert.StartsWith("has the hash ", files.Single(file => file.Path == TinyRepository.Unet).Problem);
        Assert.Equal(hub.Blob(TinyRepository.Unet), files.Single(file => file.Path == TinyRepository.Unet).Blob);
        Assert.Equal("model_index.json", Assert.Single(files, file => !file.IsChecked).Path);
    }
}
