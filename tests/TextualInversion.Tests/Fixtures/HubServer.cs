using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace TextualInversion.Tests.Fixtures;

/// <summary>A client's request to a <see cref="HubServer"/>.</summary>
internal sealed record HubRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public bool IsHead => Method == "HEAD";

    public long? From =>
        Headers.TryGetValue("Range", out var range)
            ? long.Parse(range["bytes=".Length..].TrimEnd('-'), CultureInfo.InvariantCulture)
            : null;

    public bool HasToken => Headers.ContainsKey("Authorization");
}

/// <summary>
/// A response, complete or not: after <see cref="Send"/> bytes of the body the connection ends or stalls.
/// </summary>
internal sealed record HubReply(int Status, byte[] Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    public int? Send { get; init; }

    public bool Stalls { get; init; }

    public static HubReply Error(int status, params (string Name, string Value)[] headers) =>
        new(status, []) { Headers = headers.ToDictionary(header => header.Name, header => header.Value) };

    public static HubReply Redirect(string location) => Error(307, ("Location", location));
}

/// <summary>
/// A hub with one model on the loopback interface, over plain sockets. It answers as the real one does, unless
/// <see cref="Instead"/> says otherwise. Weights are in large-file storage, the rest in git.
/// </summary>
internal sealed class HubServer : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopped = new();
    private readonly ConcurrentQueue<HubRequest> requests = new();

    public HubServer()
    {
        listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        _ = ServeAsync();
    }

    public Uri Address { get; }

    public string Model { get; init; } = "artist/tiny";

    /// <summary>The model's files by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Gives the response to a request, or null for the usual one.</summary>
    public Func<HubRequest, HubReply?> Instead { get; set; } = _ => null;

    public IReadOnlyList<HubRequest> Requests => [.. requests];

    /// <summary>The listing of a mirror that ignores <c>?blobs=true</c>: names only.</summary>
    public string ListingOfNames() =>
        JsonSerializer.Serialize(
            new
            {
                id = Model,
                sha = Commit,
                siblings = Files.Keys.Select(path => new { rfilename = path }),
            }
        );

    /// <summary>The requests for a file.</summary>
    public IReadOnlyList<HubRequest> RequestsFor(string file) =>
        [.. requests.Where(request => request.Target.EndsWith($"/{file}", StringComparison.Ordinal))];

    public static bool IsLarge(string path) =>
        path.EndsWith(".safetensors", StringComparison.Ordinal) || path.EndsWith(".bin", StringComparison.Ordinal);

    /// <summary>The name of a file's blob.</summary>
    public static string BlobOf(string path, byte[] content) =>
        Convert.ToHexStringLower(
            IsLarge(path)
                ? SHA256.HashData(content)
#pragma warning disable CA5350 // git names its objects by SHA-1
                : SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content])
        );
#pragma warning restore CA5350

    /// <summary>The listing of the model, for tests that change it.</summary>
    public string Listing(string commit = Commit) =>
        JsonSerializer.Serialize(
            new
            {
                id = Model,
                sha = commit,
                siblings = Files.Select(file =>
                    IsLarge(file.Key)
                        ? (object)
                            new
                            {
                                rfilename = file.Key,
                                size = file.Value.Length,
                                blobId = new string('a', 40),
                                lfs = new
                                {
                                    sha256 = BlobOf(file.Key, file.Value),
                                    size = file.Value.Length,
                                    pointerSize = 130,
                                },
                            }
                        : new
                        {
                            rfilename = file.Key,
                            size = file.Value.Length,
                            blobId = BlobOf(file.Key, file.Value),
                        }
                ),
            }
        );

    /// <summary>Stops the server, so that connections are refused.</summary>
    public void Stop()
    {
        stopped.Cancel();
        listener.Stop();
    }

    public void Dispose()
    {
        Stop();
        stopped.Dispose();
    }

    private async Task ServeAsync()
    {
        var token = stopped.Token;
        while (!token.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptTcpClientAsync(token);
                _ = AnswerAsync(client, token);
            }
            catch (Exception error)
                when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(TcpClient client, CancellationToken token)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                var request = await ReadAsync(stream, token);
                requests.Enqueue(request);
                var reply = Instead(request) ?? Reply(request);
                var headers = string.Concat(reply.Headers.Select(header => $"{header.Key}: {header.Value}\r\n"));
                var head =
                    $"HTTP/1.1 {reply.Status} {(HttpStatusCode)reply.Status}\r\nConnection: close\r\n"
                    + $"Content-Length: {reply.Body.Length}\r\n{headers}\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), token);
                var sent = request.IsHead ? 0 : reply.Send ?? reply.Body.Length;
                await stream.WriteAsync(reply.Body.AsMemory(0, sent), token);
                if (reply.Stalls)
                    await Task.Delay(Timeout.Infinite, token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // The client has gone, or the test has ended.
            }
        }
    }

    private static async Task<HubRequest> ReadAsync(NetworkStream stream, CancellationToken token)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var first = (await reader.ReadLineAsync(token) ?? throw new IOException("closed")).Split(' ');
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(token) is { Length: > 0 } line)
        {
            var parts = line.Split(": ", 2);
            headers[parts[0]] = parts[1];
        }

        return new HubRequest(first[0], first[1], headers);
    }

    private HubReply Reply(HubRequest request)
    {
        if (request.Target.StartsWith($"/api/models/{Model}/revision/", StringComparison.Ordinal))
            return new HubReply(200, Encoding.UTF8.GetBytes(Listing()));
        var prefix = $"/{Model}/resolve/{Commit}/";
        if (
            !request.Target.StartsWith(prefix, StringComparison.Ordinal)
            || !Files.TryGetValue(Uri.UnescapeDataString(request.Target[prefix.Length..]), out var content)
        )
            return HubReply.Error(404, ("X-Error-Code", "RepoNotFound"));
        if (request.IsHead)
            return Headers(Uri.UnescapeDataString(request.Target[prefix.Length..]), content);
        if (request.From is not { } from)
            return new HubReply(200, content);
        return from >= content.Length
            ? HubReply.Error(416)
            : new HubReply(206, content[(int)from..])
            {
                Headers = { ["Content-Range"] = $"bytes {from}-{content.Length - 1}/{content.Length}" },
            };
    }

    /// <summary>
    /// The headers of a file as on the hub: a large file is stored elsewhere and its redirect has size and hash, a
    /// small one is here.
    /// </summary>
    private static HubReply Headers(string path, byte[] content)
    {
        var tag = $"\"{BlobOf(path, content)}\"";
        return IsLarge(path)
            ? HubReply.Error(
                302,
                ("Location", "https://127.0.0.1/stored"),
                ("X-Linked-Etag", tag),
                ("X-Linked-Size", content.Length.ToString(CultureInfo.InvariantCulture))
            )
            : new HubReply(200, content) { Headers = { ["ETag"] = tag } };
    }
}
