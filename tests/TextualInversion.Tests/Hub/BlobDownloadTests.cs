using System.Text;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>Servers and networks that misbehave.</summary>
public sealed class BlobDownloadTests : IDisposable
{
    private const string Unet = TinyRepository.Unet;

    private readonly HubFixture hub = new();
    private int seen;

    public void Dispose() => hub.Dispose();

    private byte[] Content => hub.Server.Files[Unet];

    [Fact]
    public async Task Get_ConnectionDrops_GoesOnWhereItEnded()
    {
        Misbehave(2, request => Rest(request) with { Send = 300_000 });

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal([null, 300_000, 600_000], hub.Server.RequestsFor(Unet).Select(request => request.From));
        Assert.Equal([1, 1], hub.Pauses.Select(pause => pause.TotalSeconds)); // bytes came, so the count starts anew
        Assert.Contains("trying again in 1 s", hub.Notices);
    }

    [Fact]
    public async Task Get_Stalls_GoesOn()
    {
        hub.Options = hub.Options with { StallTimeout = TimeSpan.FromMilliseconds(400) };
        Misbehave(1, request => Rest(request) with { Send = 400_000, Stalls = true });

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal(400_000, hub.Server.RequestsFor(Unet)[1].From);
        Assert.Contains("has said nothing for 0.4 s", hub.Notices);
    }

    [Fact]
    public async Task Get_StallsForGood_GivesUp()
    {
        hub.Options = hub.Options with { StallTimeout = TimeSpan.FromMilliseconds(20), Attempts = 3 };
        Misbehave(int.MaxValue, request => Rest(request) with { Send = 0, Stalls = true });

        Assert.Contains("has said nothing for 0.02 s, 3 times in a row", await hub.ErrorAsync());
    }

    [Fact]
    public async Task Get_ServerWithoutRanges_StartsOver()
    {
        Misbehave(1, request => Rest(request) with { Send = 300_000 });
        var dropping = hub.Server.Instead;
        hub.Server.Instead = request =>
            dropping(request) ?? (request.From is not null ? new HubReply(200, Content) : null);

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_PartialOfAnEarlierRun_IsContinued()
    {
        WritePartial(Content[..700_000]);

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal([700_000], hub.Server.RequestsFor(Unet).Select(request => request.From));
        Assert.False(File.Exists(hub.Blob(Unet) + ".incomplete"));
    }

    [Theory]
    [InlineData(0, 1_000_000)] // whole, but not moved
    [InlineData(1, 0)] // longer than it should be
    [InlineData(2, 500_000)] // another file's bytes
    public async Task Get_OddPartial_EndsWithTheRightFile(int kind, int length)
    {
        WritePartial(
            kind switch
            {
                0 => Content[..length],
                1 => [.. Content, 1],
                _ => new byte[length],
            }
        );

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_Cancelled_KeepsWhatCameAndGoesOn()
    {
        using var cancellation = new CancellationTokenSource();
        Misbehave(1, request => Rest(request) with { Send = 300_000, Stalls = true });
        var getting = hub.GetAsync(cancellationToken: cancellation.Token);
        while (
            new FileInfo(hub.Blob(Unet) + ".incomplete") is not { Exists: true, Length: > 0 } && !getting.IsCompleted
        )
            await Task.Delay(5);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => getting);
        Assert.False(File.Exists(Path.Combine(hub.Repository, "refs", "main")));
        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.True(hub.Server.RequestsFor(Unet)[1].From > 0);
    }

    [Fact]
    public async Task Get_TooManyRequests_WaitsAsLongAsAsked()
    {
        Misbehave(2, _ => HubReply.Error(429, ("Retry-After", "7")));

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal([7, 7], hub.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Fact]
    public async Task Get_RetryAfterIsADate_WaitsUntilThen()
    {
        Misbehave(
            1,
            _ =>
                HubReply.Error(
                    503,
                    ("Date", "Wed, 25 Nov 2026 09:00:00 GMT"),
                    ("Retry-After", "Wed, 25 Nov 2026 09:00:12 GMT")
                )
        );

        await hub.GetAsync();
        Assert.Equal([12], hub.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Fact]
    public async Task Get_RetryAfterAnHour_SaysSoInsteadOfWaiting()
    {
        Misbehave(int.MaxValue, _ => HubReply.Error(429, ("Retry-After", "3600")));

        Assert.Contains("asks to wait 3600 s", await hub.ErrorAsync());
        Assert.Empty(hub.Pauses);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Get_ServerError_TriesFiveTimesWithDoublingPauses(int status)
    {
        hub.Options = hub.Options with { Jitter = () => 0.5 };
        Misbehave(int.MaxValue, _ => HubReply.Error(status));

        Assert.Contains($"{status}", await hub.ErrorAsync());
        Assert.Equal([1.25, 2.5, 5, 10], hub.Pauses.Select(pause => pause.TotalSeconds));
        Assert.Equal(5, hub.Server.RequestsFor(Unet).Count);
    }

    [Fact]
    public async Task Get_ServerErrorThatPasses_Succeeds()
    {
        Misbehave(4, _ => HubReply.Error(500));

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_ListingFailsOnce_IsAskedAgain()
    {
        hub.Server.Instead = request =>
            request.Target.StartsWith("/api/", StringComparison.Ordinal) && seen++ == 0 ? HubReply.Error(500) : null;

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_DamagedOnce_StartsOver()
    {
        Misbehave(1, _ => new HubReply(200, new byte[Content.Length]));

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
            WritePartial(Content[..10]);
        Misbehave(
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
            return; // where /dev/full is
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

    private static HubReply RangeOf(byte[] content, HubRequest request) =>
        request.From is { } from
            ? new HubReply(206, content[(int)from..])
            {
                Headers = { ["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}" },
            }
            : new HubReply(200, content);

    private HubReply Rest(HubRequest request) => RangeOf(Content, request);

    /// <summary>Answers so to the first requests for the U-Net's weights.</summary>
    private void Misbehave(int times, Func<HubRequest, HubReply> reply) =>
        hub.Server.Instead = request =>
            request.Target.EndsWith(Unet, StringComparison.Ordinal) && Interlocked.Increment(ref seen) <= times
                ? reply(request)
                : null;

    private void WritePartial(byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(hub.Blob(Unet))!);
        File.WriteAllBytes(hub.Blob(Unet) + ".incomplete", content);
    }
}
