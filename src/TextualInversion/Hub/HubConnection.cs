using System.Net;
using System.Net.Http.Headers;
using TextualInversion.IO;

namespace TextualInversion.Hub;

/// <summary>
/// Requests to the hub. Redirects are followed here, not by the framework, so that the token is sent to the endpoint's
/// own host and to no other.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HubOptions options;
    private readonly HttpClient client;

    /// <exception cref="TextualInversionException">OpenSSL is not installed.</exception>
    public HubConnection(HubOptions options)
    {
        this.options = options;
        if (options.Endpoint.Scheme == Uri.UriSchemeHttps)
            OpenSsl.Require("a download");
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None, // sizes and ranges are those of the file
            ConnectTimeout = options.StallTimeout,
            UseProxy = !options.Endpoint.IsLoopback,
        };
        client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }; // a long download is not a stalled one
        client.DefaultRequestHeaders.UserAgent.Add(
            new ProductInfoHeaderValue("ti", typeof(HubConnection).Assembly.GetName().Version!.ToString(3))
        );
    }

    /// <summary>An address below the endpoint; each part of the path is escaped already.</summary>
    public Uri Address(string path) => new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>The address of a file at a commit.</summary>
    public Uri FileAddress(HubId id, string commit, string path)
    {
        var escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        return Address($"{id.Name}/resolve/{commit}/{escaped}");
    }

    /// <summary>Asks for the content from byte <paramref name="from"/> on; the body is still to be read.</summary>
    /// <returns>An answer with status 200, 206 or 416.</returns>
    /// <exception cref="HubFailure">The request failed in a way that may pass.</exception>
    /// <exception cref="TextualInversionException">The server refuses.</exception>
    public Task<HttpResponseMessage> GetAsync(HubId id, Uri address, long from, CancellationToken cancellationToken) =>
        FollowAsync(HttpMethod.Get, id, address, from, isFinal: _ => false, cancellationToken);

    /// <summary>
    /// Asks for the headers alone. A redirect to where the content is stored is not followed: the hub's own answer has
    /// the size and the hash of the file.
    /// </summary>
    /// <returns>An answer with status 200 or a redirect.</returns>
    /// <exception cref="HubFailure">The request failed in a way that may pass.</exception>
    /// <exception cref="TextualInversionException">The server refuses.</exception>
    public Task<HttpResponseMessage> HeadAsync(HubId id, Uri address, CancellationToken cancellationToken) =>
        FollowAsync(
            HttpMethod.Head,
            id,
            address,
            from: 0,
            isFinal: response => response.Headers.Contains("X-Linked-Etag"),
            cancellationToken
        );

    /// <summary>Reads some bytes of a body; 0 at its end.</summary>
    /// <exception cref="HubFailure">The connection broke or stalled.</exception>
    public Task<int> ReadAsync(Stream body, Memory<byte> buffer, string host, CancellationToken cancellationToken) =>
        GuardAsync(host, token => body.ReadAsync(buffer, token).AsTask(), cancellationToken);

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> FollowAsync(
        HttpMethod method,
        HubId id,
        Uri address,
        long from,
        Func<HttpResponseMessage, bool> isFinal,
        CancellationToken cancellationToken
    )
    {
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            var response = await SendAsync(method, address, from, cancellationToken);
            var isAnswer =
                response.IsSuccessStatusCode
                || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
                || isFinal(response);
            if (isAnswer)
                return response;
            using (response)
                address = Next(response, id, address);
        }

        throw new TextualInversionException(
            $"{id}: {address.Host} redirects in circles; check HF_ENDPOINT and the network."
        );
    }

    /// <summary>Where a redirect leads.</summary>
    private Uri Next(HttpResponseMessage response, HubId id, Uri address)
    {
        if (response.Headers.Location is not { } location || (int)response.StatusCode / 100 != 3)
            throw HubErrors.Of(response, id, address, options);
        var next = new Uri(address, location);
        var isAllowed =
            next.Scheme == Uri.UriSchemeHttps
            || (next.Scheme == Uri.UriSchemeHttp && address.Scheme == Uri.UriSchemeHttp);
        return isAllowed
            ? next
            : throw new TextualInversionException(
                $"{id}: {address.Host} sends the download to {next.Scheme}://{next.Host}, which is not secure; "
                    + "check HF_ENDPOINT and the network."
            );
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        Uri address,
        long from,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(method, address);
        if (from > 0)
            request.Headers.Range = new RangeHeaderValue(from, null);
        if (options.Token is { } secret && options.IsEndpoint(address))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return await GuardAsync(
            address.Host,
            token => client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token),
            cancellationToken
        );
    }

    /// <summary>
    /// Gives up after <see cref="HubOptions.StallTimeout"/>, and turns the network's exceptions into one that says
    /// whether to try again.
    /// </summary>
    private async Task<T> GuardAsync<T>(
        string host,
        Func<CancellationToken, Task<T>> operation,
        CancellationToken cancellationToken
    )
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(options.StallTimeout);
        try
        {
            return await operation(stall.Token);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HubFailure(
                HubFailureKind.Interrupted,
                $"{host} has said nothing for {options.StallTimeout.TotalSeconds:0.###} s",
                inner: error
            );
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new TextualInversionException(
                $"{host}: no secure connection ({Reason(error)}); check the clock, the system's certificates "
                    + $"and the proxy.",
                error
            );
        }
        catch (HttpRequestException error)
        {
            var isUnreachable =
                error.HttpRequestError
                is HttpRequestError.NameResolutionError
                    or HttpRequestError.ConnectionError
                    or HttpRequestError.ProxyTunnelError;
            throw new HubFailure(
                isUnreachable ? HubFailureKind.Unreachable : HubFailureKind.Interrupted,
                $"{host}: {Reason(error)}",
                inner: error
            );
        }
        catch (IOException error)
        {
            throw new HubFailure(HubFailureKind.Interrupted, $"{host}: {Reason(error)}", inner: error);
        }
    }

    private static string Reason(Exception error) => (error.InnerException ?? error).Message.TrimEnd('.');
}
