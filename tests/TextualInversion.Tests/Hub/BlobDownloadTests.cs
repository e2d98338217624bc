using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>Networks and servers that interrupt downloads.</summary>
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
        hub.Misbehave(2, request => Rest(request) with { Send = 300_000 });

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal([null, 300_000, 600_000], hub.Server.RequestsFor(Unet).Select(request => request.From));
        // Bytes arrived, so the count starts again.
        Assert.Equal([1, 1], hub.Pauses.Select(pause => pause.TotalSeconds));
        Assert.Contains("trying again in 1 s", hub.Notices);
    }

    [Fact]
    public async Task Get_Stalls_GoesOn()
    {
        hub.Options = hub.Options with { StallTimeout = TimeSpan.FromMilliseconds(400) };
        hub.Misbehave(1, request => Rest(request) with { Send = 400_000, Stalls = true });

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal(400_000, hub.Server.RequestsFor(Unet)[1].From);
        Assert.Contains("has said nothing for 0.4 s", hub.Notices);
    }

    [Fact]
    public async Task Get_StallsForGood_GivesUp()
    {
        hub.Options = hub.Options with { StallTimeout = TimeSpan.FromMilliseconds(20), Attempts = 3 };
        hub.Misbehave(int.MaxValue, request => Rest(request) with { Send = 0, Stalls = true });

        Assert.Contains("has said nothing for 0.02 s, 3 times in a row", await hub.ErrorAsync());
    }

    [Fact]
    public async Task Get_ServerWithoutRanges_StartsOver()
    {
        hub.Misbehave(1, request => Rest(request) with { Send = 300_000 });
        var dropping = hub.Server.Instead;
        hub.Server.Instead = request =>
            dropping(request) ?? (request.From is not null ? new HubReply(200, Content) : null);

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_PartialOfAnEarlierRun_IsContinued()
    {
        hub.WritePartial(Content[..700_000]);

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal([700_000], hub.Server.RequestsFor(Unet).Select(request => request.From));
        Assert.False(File.Exists(hub.Blob(Unet) + ".incomplete"));
    }

    [Theory]
    [InlineData(0, 1_000_000)] // complete, but not moved
    [InlineData(1, 0)] // longer than it should be
    [InlineData(2, 500_000)] // bytes of another file
    public async Task Get_OddPartial_EndsWithTheRightFile(int kind, int length)
    {
        hub.WritePartial(
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
        hub.Misbehave(1, request => Rest(request) with { Send = 300_000, Stalls = true });
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
        hub.Misbehave(2, _ => HubReply.Error(429, ("Retry-After", "7")));

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
        Assert.Equal([7, 7], hub.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Fact]
    public async Task Get_RetryAfterIsADate_WaitsUntilThen()
    {
        hub.Misbehave(
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
        hub.Misbehave(int.MaxValue, _ => HubReply.Error(429, ("Retry-After", "3600")));

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
        hub.Misbehave(int.MaxValue, _ => HubReply.Error(status));

        Assert.Contains($"{status}", await hub.ErrorAsync());
        Assert.Equal([1.25, 2.5, 5, 10], hub.Pauses.Select(pause => pause.TotalSeconds));
        Assert.Equal(5, hub.Server.RequestsFor(Unet).Count);
    }

    [Fact]
    public async Task Get_ServerErrorThatPasses_Succeeds()
    {
        hub.Misbehave(4, _ => HubReply.Error(500));

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    [Fact]
    public async Task Get_ListingFailsOnce_IsAskedAgain()
    {
        hub.Server.Instead = request =>
            request.Target.StartsWith("/api/", StringComparison.Ordinal) && seen++ == 0 ? HubReply.Error(500) : null;

        hub.AssertServed(await hub.GetAsync(), TinyRepository.Needed);
    }

    private static HubReply RangeOf(byte[] content, HubRequest request) =>
        request.From is { } from
            ? new HubReply(206, content[(int)from..])
            {
                Headers = { ["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}" },
            }
            : new HubReply(200, content);

    private HubReply Rest(HubRequest request) => RangeOf(Content, request);
}
