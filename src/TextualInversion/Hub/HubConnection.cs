using System.Net;
using System.Net.Http.Headers;

namespace TextualInversion.Hub;

/// <summary>
/// Requests to the hub. Redirects are followed here, not by the framework, so that the token goes to the endpoint's own host and no other.
/// </summary>
internal sealed class HubConnection : IDisposable
{
    private const int MaxRedirects = 10;

    private readonly HubOptions options;
    private readonly HttpClient client;

    public HubConnection(HubOptions options)
    {
        this.options = options;
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

    /// <summary>An address below the endpoint, each part already escaped.</summary>
    public Uri Address(string path) => new($"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{path}");

    /// <summary>Asks for the content from byte <paramref name="from"/> on; the body is still to be read.</summary>
    /// <returns>an answer with status 200, 206 or 416</returns>
    /// <exception cref="HubFailure">It failed in a way that may pass.</exception>
    /// <exception cref="TextualInversionException">The server refuses.</exception>
    public async Task<HttpResponseMessage> GetAsync(
        HubId id,
        Uri address,
        long from,
        CancellationToken cancellationToken
    )
    {
        for (var hop = 0; hop <= MaxRedirects; hop++)
        {
            var response = await SendAsync(address, from, cancellationToken);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                return response;
            using (response)
            {
                if (response.Headers.Location is not { } location || (int)response.StatusCode / 100 != 3)
                    throw HubErrors.Of(response, id, address, options);
                var next = new Uri(address, location);
                var isAllowed =
                    next.Scheme == Uri.UriSchemeHttps
                    || (next.Scheme == Uri.UriSchemeHttp && address.Scheme == Uri.UriSchemeHttp);
                if (!isAllowed)
                    throw new TextualInversionException(
                        $"{id}: {address.Host} sends the download to {next.Scheme}://{next.Host}, which is not secure; check HF_ENDPOINT and the network."
                    );
                address = next;
            }
        }

        throw new TextualInversionException(
            $"{id}: {address.Host} redirects in circles; check HF_ENDPOINT and the network."
        );
    }

    /// <summary>Reads some bytes of a body; 0 at its end.</summary>
    /// <exception cref="HubFailure">The connection broke or stalled.</exception>
    public Task<int> ReadAsync(Stream body, Memory<byte> buffer, string host, CancellationToken cancellationToken) =>
        GuardAsync(host, token => body.ReadAsync(buffer, token).AsTask(), cancellationToken);

    public void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> SendAsync(Uri address, long from, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
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

    /// <summary>Gives up after <see cref="HubOptions.StallTimeout"/>, and makes of the network's exceptions one that says whether to try again.</summary>
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
                $"{host}: no secure connection ({Reason(error)}); check the clock, the system's certificates and the proxy.",
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
