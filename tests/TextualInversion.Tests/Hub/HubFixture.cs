using System.Collections.Concurrent;
using TextualInversion.Hub;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Hub;

/// <summary>A server, an empty cache, and a client that does not really pause.</summary>
internal sealed class HubFixture : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<TimeSpan> pauses = new();
    private readonly ConcurrentQueue<string> notices = new();

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

    /// <summary>The file in <c>blobs/</c> of a file of the repository.</summary>
    public string Blob(string path) => Path.Combine(Repository, "blobs", HubServer.BlobOf(path, Server.Files[path]));

    /// <summary>Each file below a folder with its content as it was served.</summary>
    public void AssertServed(string snapshot, IEnumerable<string> files)
    {
        Assert.Equal(files.Order(StringComparer.Ordinal), HubCache.FilesOf(snapshot).Order(StringComparer.Ordinal));
        foreach (var file in HubCache.FilesOf(snapshot))
            Assert.Equal(Server.Files[file], File.ReadAllBytes(Path.Combine(snapshot, file)));
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
