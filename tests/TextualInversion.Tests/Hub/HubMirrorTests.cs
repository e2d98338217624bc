using System.Text;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>Servers whose listing lacks sizes and hashes, or has wrong ones.</summary>
public sealed class HubMirrorTests : IDisposable
{
    private const string Unet = TinyRepository.Unet;

    private readonly HubFixture hub = new();

    public void Dispose() => hub.Dispose();

    [Fact]
    public async Task Get_ListingOfNames_TakesSizesAndHashesFromTheHeaders()
    {
        List(hub.Server.ListingOfNames());

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        var heads = hub.Server.Requests.Where(request => request.IsHead).ToList();
        Assert.Equal(TinyRepository.Needed.Length, heads.Count);
    }

    [Fact]
    public async Task Get_ListingOfNames_ShardsAreDescribedToo()
    {
        hub.Server.Files.Remove(Unet);
        hub.Server.Files.Remove("unet/diffusion_pytorch_model.bin");
        hub.Server.Files["unet/diffusion_pytorch_model.safetensors.index.json"] =
            """{"weight_map": {"a": "diffusion_pytorch_model-00001-of-00001.safetensors"}}"""u8.ToArray();
        hub.Server.Files["unet/diffusion_pytorch_model-00001-of-00001.safetensors"] = [1, 2, 3];
        List(hub.Server.ListingOfNames());

        var path = await hub.GetAsync();

        var shard = Path.Combine(path, "unet/diffusion_pytorch_model-00001-of-00001.safetensors");
        Assert.Equal([1, 2, 3], await File.ReadAllBytesAsync(shard));
    }

    [Fact]
    public async Task Get_WeakTag_IsRead()
    {
        var blob = HubServer.BlobOf("vae/config.json", hub.Server.Files["vae/config.json"]);
        List(
            hub.Server.ListingOfNames(),
            request =>
                IsHeadOf(request, "vae/config.json")
                    ? new HubReply(200, hub.Server.Files["vae/config.json"])
                    {
                        Headers = { ["ETag"] = $"W/\"{blob}\"" },
                    }
                    : null
        );

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_HeadersFailOnce_AsksAgain()
    {
        var seen = 0;
        List(
            hub.Server.ListingOfNames(),
            request => IsHeadOf(request, Unet) && seen++ == 0 ? HubReply.Error(503) : null
        );

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Contains("503", hub.Notices);
    }

    [Theory]
    [InlineData("\"5f3b-1\"")]
    [InlineData("")]
    public async Task Get_HeadersWithoutAHash_NamesTheFile(string tag)
    {
        List(
            hub.Server.ListingOfNames(),
            request => IsHeadOf(request, Unet) ? new HubReply(200, [1]) { Headers = { ["X-Linked-Etag"] = tag } } : null
        );

        Assert.Contains($"gives no size and hash of {Unet}", await hub.ErrorAsync());
    }

    [Theory]
    [InlineData("\"rfilename\":\"vae/config.json\",\"size\":", "\"rfilename\":\"vae/config.json\",\"length\":")]
    [InlineData("\"size\":1000000", "\"size\":9000000000000000000")]
    [InlineData("\"blobId\":\"", "\"blobId\":\"../")]
    [InlineData("\"sha256\":\"", "\"sha256\":\"x")]
    [InlineData("\"sha256\":\"", "\"sha1\":\"")]
    public async Task Get_SizeOrHashThatCannotBe_IsTakenFromTheHeaders(string right, string wrong)
    {
        List(hub.Server.Listing().Replace(right, wrong, StringComparison.Ordinal));

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Contains(hub.Server.Requests, request => request.IsHead);
    }

    [Fact]
    public async Task Get_FileThatIsNotNeeded_IsNotAskedFor()
    {
        const string Other = "README.md";
        List(
            hub.Server.Listing()
                .Replace($"\"{Other}\",\"size\":", $"\"{Other}\",\"length\":", StringComparison.Ordinal),
            request => request.Target.EndsWith(Other, StringComparison.Ordinal) ? HubReply.Error(418) : null
        );

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Empty(hub.Server.RequestsFor(Other));
    }

    private static bool IsHeadOf(HubRequest request, string path) =>
        request.IsHead && request.Target.EndsWith(path, StringComparison.Ordinal);

    private void List(string listing, Func<HubRequest, HubReply?>? instead = null) =>
        hub.Server.Instead = request =>
            request.Target.StartsWith("/api/", StringComparison.Ordinal)
                ? new HubReply(200, Encoding.UTF8.GetBytes(listing))
                : instead?.Invoke(request);
}
