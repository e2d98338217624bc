using System.Text;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>Servers that send wrong content, and disks that do not hold it.</summary>
public sealed class DownloadedContentTests : IDisposable
{
    private const string Unet = TinyRepository.Unet;

    private readonly HubFixture hub = new();

    public void Dispose() => hub.Dispose();

    private byte[] Content => hub.Server.Files[Unet];

    [Fact]
    public async Task Get_DamagedOnce_StartsOver()
    {
        hub.Misbehave(1, _ => new HubReply(200, new byte[Content.Length]));

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Contains("a file with the hash", hub.Notices);
        Assert.Equal([null, null], hub.Server.RequestsFor(Unet).Select(request => request.From));
    }

    [Theory]
    [InlineData("hash", "a file with the hash")]
    [InlineData("short", "a file of 999,999 bytes instead of 1,000,000")]
    [InlineData("long", "a file of 1,000,001 bytes instead of 1,000,000")]
    [InlineData("page", "a web page of 13 bytes instead of 1,000,000")]
    [InlineData("pointer", "a Git LFS pointer with the hash")]
    [InlineData("range", "shorter than announced")]
    public async Task Get_WrongContent_IsRefusedAndNotKept(string kind, string expected)
    {
        if (kind == "range")
            hub.WritePartial(Content[..10]);
        hub.Misbehave(
            int.MaxValue,
            _ =>
                kind switch
                {
                    "short" => new HubReply(200, Content[..^1]),
                    "long" => new HubReply(200, [.. Content, 1]),
                    "page" => new HubReply(200, "<html></html>"u8.ToArray())
                    {
                        Headers = { ["Content-Type"] = "text/html; charset=utf-8" },
                    },
                    "pointer" => new HubReply(
                        200,
                        [.. "version https://git-lfs.github.com/spec/v1\n"u8, .. new byte[Content.Length - 43]]
                    ),
                    "range" => HubReply.Error(416),
                    _ => new HubReply(200, new byte[Content.Length]),
                }
        );

        var error = await hub.ErrorAsync();
        Assert.Contains(expected, error);
        Assert.Contains("twice in a row", error);
        Assert.False(File.Exists(hub.Blob(Unet)));
        Assert.False(File.Exists(hub.Blob(Unet) + ".incomplete"));
        Assert.False(File.Exists(Path.Combine(hub.Snapshot, Unet)));
    }

    [Theory]
    [InlineData("<html>Log in to the train's network</html>", "with a web page")]
    [InlineData("{}", "not as a hub does")]
    [InlineData("null", "not as a hub does")]
    [InlineData("[1", "not as a hub does")]
    [InlineData("""{"sha": null, "siblings": []}""", "not as a hub does")]
    [InlineData("""{"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": null}""", "not as a hub does")]
    [InlineData("""{"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [null]}""", "not as a hub does")]
    [InlineData(
        """{"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [{"rfilename": null}]}""",
        "not as a hub does"
    )]
    [InlineData(
        """{"sha": "0123456789abcdef0123456789abcdef01234567", "siblings": [{"size": 3}]}""",
        "not as a hub does"
    )]
    [InlineData("""{"sha": "main", "siblings": []}""", "its commit is called \"main\"")]
    public async Task Get_ListingIsNone_SaysSo(string answer, string expected)
    {
        hub.Server.Instead = _ => new HubReply(200, Encoding.UTF8.GetBytes(answer));

        Assert.Contains(expected, await hub.ErrorAsync());
    }

    [Theory]
    [InlineData("../outside.json")]
    [InlineData("unet/../../../../outside.json")]
    [InlineData("/etc/outside.json")]
    [InlineData("unet//outside.json")]
    [InlineData("..\\outside.json")]
    [InlineData(".")]
    public async Task Get_NameOutsideTheCache_IsPassedOver(string name)
    {
        hub.Server.Files[name] = "{}"u8.ToArray();

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_MoreThanTheDiskHolds_IsRefusedBefore()
    {
        var listing = hub
            .Server.Listing()
            .Replace("\"size\":1000000", "\"size\":900000000000000", StringComparison.Ordinal);
        hub.Server.Instead = request =>
            request.Target.StartsWith("/api/", StringComparison.Ordinal)
                ? new HubReply(200, Encoding.UTF8.GetBytes(listing))
                : null;

        Assert.Contains("takes 900,000.0 GB and", await hub.ErrorAsync());
        Assert.Single(hub.Server.Requests);
    }

    [Fact]
    public async Task Get_DiskFull_SaysSo()
    {
        if (!OperatingSystem.IsLinux())
            return; // only where /dev/full exists
        Directory.CreateDirectory(Path.GetDirectoryName(hub.Blob(Unet))!);
        File.CreateSymbolicLink(hub.Blob(Unet) + ".incomplete", "/dev/full");

        var error = await hub.ErrorAsync();
        Assert.Contains("cannot be written", error);
        Assert.Contains("HF_HUB_CACHE", error);
    }

    [Fact]
    public async Task Get_CacheBelowAFile_SaysThatItCannotBeWritten()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(hub.Cache)!);
        await File.WriteAllTextAsync(hub.Cache, "in the way");

        Assert.StartsWith($"{hub.Cache}: cannot be written (", await hub.ErrorAsync());
    }
}
