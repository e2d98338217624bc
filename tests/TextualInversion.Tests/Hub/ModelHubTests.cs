using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>Which files are downloaded, where they go, and when the network is used at all.</summary>
public sealed class ModelHubTests : IDisposable
{
    private readonly HubFixture hub = new();

    public void Dispose() => hub.Dispose();

    [Fact]
    public async Task GetModel_EmptyCache_FetchesWhatIsNeededInTheStandardLayout()
    {
        var path = await hub.GetAsync();

        Assert.Equal(hub.Snapshot, path);
        hub.AssertServed(path, TinyRepository.Needed);
        Assert.Equal(HubServer.Commit, await File.ReadAllTextAsync(Path.Combine(hub.Repository, "refs", "main")));
        foreach (var file in TinyRepository.Needed)
        {
            var depth = string.Concat(Enumerable.Repeat("../", file.Count(character => character == '/') + 2));
            Assert.Equal(
                $"{depth}blobs/{Path.GetFileName(hub.Blob(file))}",
                new FileInfo(Path.Combine(path, file)).LinkTarget
            );
            Assert.Null(new FileInfo(hub.Blob(file)).LinkTarget);
            Assert.True(
                File.Exists(
                    Path.Combine(
                        hub.Cache,
                        ".locks",
                        "models--artist--tiny",
                        Path.GetFileName(hub.Blob(file)) + ".lock"
                    )
                )
            );
        }

        Assert.Equal(TinyRepository.Needed.Length, Directory.GetFiles(Path.Combine(hub.Repository, "blobs")).Length);
        Assert.Equal(TinyRepository.Needed.Length + 1, hub.Server.Requests.Count);
    }

    [Fact]
    public async Task GetModel_Variant_FetchesItWhereThereIsOne()
    {
        var path = await hub.GetAsync("fp16");

        hub.AssertServed(
            path,
            TinyRepository
                .Needed.Except([TinyRepository.Unet, "text_encoder/model.safetensors"])
                .Concat(["unet/diffusion_pytorch_model.fp16.safetensors", "text_encoder/model.fp16.safetensors"])
        );
    }

    [Fact]
    public async Task GetModel_Shards_AreFetchedThroughTheIndex()
    {
        hub.Server.Files.Remove(TinyRepository.Unet);
        hub.Server.Files["unet/diffusion_pytorch_model.safetensors.index.json"] =
            """
            {"weight_map": {
                "a": "diffusion_pytorch_model-00001-of-00002.safetensors",
                "b": "diffusion_pytorch_model-00002-of-00002.safetensors"
            }}
            """u8.ToArray();
        foreach (var shard in new[] { 1, 2, 3 })
            hub.Server.Files[$"unet/diffusion_pytorch_model-0000{shard}-of-00002.safetensors"] = [(byte)shard];
        hub.Server.Files.Remove("unet/diffusion_pytorch_model.bin");

        var path = await hub.GetAsync();

        Assert.True(File.Exists(Path.Combine(path, "unet/diffusion_pytorch_model-00002-of-00002.safetensors")));
        Assert.False(File.Exists(Path.Combine(path, "unet/diffusion_pytorch_model-00003-of-00002.safetensors")));
        File.Delete(Path.Combine(path, "unet/diffusion_pytorch_model-00002-of-00002.safetensors"));
        hub.Options = hub.Options with { Offline = true };
        Assert.Contains("00002-of-00002", await hub.ErrorAsync());
    }

    [Fact]
    public async Task GetModel_Again_AsksNobody()
    {
        await hub.GetAsync();
        var requests = hub.Server.Requests.Count;

        Assert.Equal(hub.Snapshot, await hub.GetAsync());
        Assert.Equal(requests, hub.Server.Requests.Count);
    }

    [Fact]
    public async Task GetModel_UpdateOfTheSameCommit_AsksForTheListingOnly()
    {
        await hub.GetAsync();
        var requests = hub.Server.Requests.Count;

        await hub.GetAsync(update: true);

        Assert.Equal(requests + 1, hub.Server.Requests.Count);
    }

    [Fact]
    public async Task GetModel_UpdateToANewCommit_FetchesWhatChanged()
    {
        await hub.GetAsync();
        var commit = new string('f', 40);
        hub.Server.Files["vae/config.json"] = "{}"u8.ToArray();
        hub.Server.Instead = request =>
            request.Target.Contains("/revision/", StringComparison.Ordinal)
                ? new HubReply(200, System.Text.Encoding.UTF8.GetBytes(hub.Server.Listing(commit)))
            : request.Target.EndsWith($"{commit}/vae/config.json", StringComparison.Ordinal)
                ? new HubReply(200, hub.Server.Files["vae/config.json"])
            : null;
        var requests = hub.Server.Requests.Count;

        var path = await hub.GetAsync(update: true);

        Assert.Equal(commit, Path.GetFileName(path));
        hub.AssertServed(path, TinyRepository.Needed);
        Assert.Equal(requests + 2, hub.Server.Requests.Count);
        Assert.Equal(commit, await File.ReadAllTextAsync(Path.Combine(hub.Repository, "refs", "main")));
        Assert.True(Directory.Exists(hub.Snapshot));
    }

    [Theory]
    [InlineData("v1.0", "/revision/v1.0?")]
    [InlineData("refs/pr/3", "/revision/refs%2Fpr%2F3?")]
    [InlineData(HubServer.Commit, $"/revision/{HubServer.Commit}?")]
    public async Task GetModel_Revision_IsAskedForAndRemembered(string revision, string asked)
    {
        var id = HubId.Parse($"artist/tiny@{revision}");
        var path = await new ModelHub(hub.Options).GetModelAsync(
            id,
            variant: null,
            update: false,
            progress: null,
            CancellationToken.None
        );

        Assert.Contains(hub.Server.Requests, request => request.Target.Contains(asked, StringComparison.Ordinal));
        Assert.Equal(path, new HubCache(hub.Cache).FindSnapshot(id));
        Assert.Equal(revision != HubServer.Commit, File.Exists(Path.Combine(hub.Repository, "refs", revision)));
    }

    [Fact]
    public async Task GetModel_Offline_TakesTheCacheOrSaysWhatIsMissing()
    {
        var online = hub.Options;
        hub.Options = online with { Offline = true };
        Assert.StartsWith(
            $"artist/tiny: is not in the cache {hub.Cache}, and HF_HUB_OFFLINE prevents downloading",
            await hub.ErrorAsync()
        );
        Assert.Empty(hub.Server.Requests);

        hub.Options = online;
        await hub.GetAsync();
        hub.Options = online with { Offline = true };
        Assert.Equal(hub.Snapshot, await hub.GetAsync(update: true));
        File.Delete(Path.Combine(hub.Snapshot, "vae/config.json"));
        Assert.Contains("is incomplete (artist/tiny: has no vae/config.json", await hub.ErrorAsync());
    }

    [Fact]
    public async Task GetModel_NoNetworkForAnUpdate_TakesTheCacheAtOnceAndSaysSo()
    {
        await hub.GetAsync();
        hub.Server.Stop();

        Assert.Equal(hub.Snapshot, await hub.GetAsync(update: true));
        Assert.Contains("the cached one is used", hub.Notices);
        Assert.Empty(hub.Pauses);
    }

    [Fact]
    public async Task GetModel_NoNetworkAndNoCache_TriesFiveTimes()
    {
        hub.Server.Stop();

        Assert.Contains("the hub cannot be reached (127.0.0.1: Connection refused)", await hub.ErrorAsync());
        Assert.Equal([1, 2, 4, 8], hub.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Fact]
    public async Task GetModel_PartThatThePipelineNames_IsMissedInTheCache()
    {
        await hub.GetAsync();
        // As after an interrupted download by another tool.
        Directory.Delete(Path.Combine(hub.Snapshot, "tokenizer"), recursive: true);
        hub.Options = hub.Options with { Offline = true };

        Assert.Contains("has no tokenizer/", await hub.ErrorAsync());
    }

    [Fact]
    public async Task GetFiles_Tokenizer_FetchesThoseAndNoMore()
    {
        string[] files = ["tokenizer/vocab.json", "tokenizer/merges.txt"];
        var path = await new ModelHub(hub.Options).GetFilesAsync(hub.Id, files, progress: null, CancellationToken.None);

        hub.AssertServed(path, files);
    }

    [Fact]
    public async Task GetFiles_NotThere_IsNamed()
    {
        var error = await Assert.ThrowsAsync<TextualInversionException>(() =>
            new ModelHub(hub.Options).GetFilesAsync(hub.Id, ["vocab.json"], progress: null, CancellationToken.None)
        );

        Assert.Equal("artist/tiny: has no vocab.json; name another repository or revision.", error.Message);
    }

    [Fact]
    public async Task GetModel_TwoAtOnce_FetchEachFileOnce()
    {
        await Task.WhenAll(hub.GetAsync(), hub.GetAsync());

        hub.AssertServed(hub.Snapshot, TinyRepository.Needed);
        Assert.All(TinyRepository.Needed, file => Assert.Single(hub.Server.RequestsFor(file)));
    }

    [Fact]
    public async Task GetModel_BlobIsLockedByAnother_WaitsForIt()
    {
        var locks = Directory.CreateDirectory(Path.Combine(hub.Cache, ".locks", "models--artist--tiny")).FullName;
        Task<string> getting;
        using (
            new FileStream(
                Path.Combine(locks, Path.GetFileName(hub.Blob(TinyRepository.Unet)) + ".lock"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None
            )
        )
        {
            getting = hub.GetAsync();
            while (
                !hub.Notices.Contains("another process is downloading", StringComparison.Ordinal)
                && !getting.IsCompleted
            )
                await Task.Delay(5);
            Assert.Empty(hub.Server.RequestsFor(TinyRepository.Unet));
        }

        hub.AssertServed(await getting, TinyRepository.Needed);
    }
}
