using System.Collections.Concurrent;
using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>A server, an empty cache, and a client that only records its pauses.</summary>
internal sealed class HubFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<TimeSpan> pauses = new();
    private readonly ConcurrentQueue<string> notices = new();
    private int misbehaved;

    public HubFixture()
    {
        Options = new HubOptions
        {
            CacheFolder = folder.File("hub"),
            Endpoint = Server.Address,
            Wait = (pause, token) =>
            {
                pauses.Enqueue(pause);
                token.ThrowIfCancellationRequested();
                return Task.CompletedTask;
            },
            Jitter = () => 0,
        };
    }

    public HubServer Server { get; } = TinyRepository.Serve();

    public HubOptions Options { get; set; }

    public HubId Id { get; } = HubId.Parse("artist/tiny");

    public string Cache => Options.CacheFolder;

    /// <summary>The model's folder in the cache.</summary>
    public string Repository => Path.Combine(Cache, "models--artist--tiny");

    public string Snapshot => Path.Combine(Repository, "snapshots", HubServer.Commit);

    public IReadOnlyList<TimeSpan> Pauses => [.. pauses];

    public string Notices => string.Join('\n', notices);

    public Task<string> GetAsync(
        string? variant = null,
        bool update = false,
        CancellationToken cancellationToken = default
    ) => new ModelHub(Options).GetModelAsync(Id, variant, update, Progress(), cancellationToken);

    public async Task<string> ErrorAsync(string? variant = null) =>
        (await Assert.ThrowsAsync<TextualInversionException>(() => GetAsync(variant))).Message;

    /// <summary>The file in <c>blobs/</c> for a file of the repository.</summary>
    public string Blob(string path) => Path.Combine(Repository, "blobs", HubServer.BlobOf(path, Server.Files[path]));

    /// <summary>Asserts that each file in a folder has the content that was served.</summary>
    public void AssertServed(string snapshot, IEnumerable<string> files)
    {
        Assert.Equal(files.Order(StringComparer.Ordinal), HubCache.FilesOf(snapshot).Order(StringComparer.Ordinal));
        foreach (var file in HubCache.FilesOf(snapshot))
            Assert.Equal(Server.Files[file], File.ReadAllBytes(Path.Combine(snapshot, file)));
    }

    /// <summary>Gives this reply to the first requests for the U-Net's weights.</summary>
    public void Misbehave(int times, Func<HubRequest, HubReply> reply) =>
        Server.Instead = request =>
            request.Target.EndsWith(TinyRepository.Unet, StringComparison.Ordinal)
            && Interlocked.Increment(ref misbehaved) <= times
                ? reply(request)
                : null;

    /// <summary>Writes an incomplete download of the U-Net's weights.</summary>
    public void WritePartial(byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Blob(TinyRepository.Unet))!);
        File.WriteAllBytes(Blob(TinyRepository.Unet) + ".incomplete", content);
    }

    public void Dispose()
    {
        Server.Dispose();
        folder.Dispose();
    }

    private Observer Progress() => new(notices);

    private sealed class Observer(ConcurrentQueue<string> notices) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            Assert.True(value.Bytes <= value.TotalBytes);
            if (value.Notice is { } notice)
                notices.Enqueue(notice);
        }
    }
}
