using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Hub;

/// <summary>
/// Asks the hub about a repository
/// (https://huggingface.co/docs/huggingface_hub/package_reference/hf_api#huggingface_hub.HfApi.model_info).
/// </summary>
internal sealed class HubApi(HubConnection connection, HubOptions options)
{
    private const int MaxAnswerBytes = 64 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
    };

    /// <summary>The commit of a revision and its files, with sizes and hashes where the server gives them.</summary>
    /// <exception cref="HubFailure">The request failed in a way that may pass.</exception>
    /// <exception cref="TextualInversionException">The repository does not exist or may not be read.</exception>
    public async Task<HubListing> ListAsync(HubId id, CancellationToken cancellationToken)
    {
        var address = connection.Address(
            $"api/models/{id.Name}/revision/{Uri.EscapeDataString(id.Revision)}?blobs=true"
        );
        using var response = await connection.GetAsync(id, address, from: 0, cancellationToken);
        var answer = await ReadAsync(response, address.Host, cancellationToken);
        try
        {
            var info = JsonSerializer.Deserialize<ModelInfo>(answer, Json) ?? throw new JsonException("null");
            return HubListing.Checked(id, info.Sha, info.Siblings.Select(ToFile));
        }
        catch (JsonException error)
        {
            var isPage = answer.AsSpan().TrimStart(" \t\r\n\ufeff"u8).StartsWith((byte)'<');
            var what = isPage ? "with a web page (a network's login?)" : "not as a hub does";
            throw new TextualInversionException(
                $"{id}: {options.Endpoint.Host} answers {what}; check the network and HF_ENDPOINT.",
                error
            );
        }
    }

    /// <summary>Size and hash of a file from the headers of its address, for a listing without them.</summary>
    /// <exception cref="HubFailure">The request failed in a way that may pass.</exception>
    /// <exception cref="TextualInversionException">
    /// The server refuses, or gives no size and hash here either.
    /// </exception>
    public async Task<HubFile> DescribeAsync(HubId id, string commit, string path, CancellationToken cancellationToken)
    {
        var address = connection.FileAddress(id, commit, path);
        using var response = await connection.HeadAsync(id, address, cancellationToken);
        var size = Header(response, "X-Linked-Size");
        var file = new HubFile(
            path,
            size is null ? response.Content.Headers.ContentLength ?? -1
                : long.TryParse(size, out var bytes) ? bytes
                : -1,
            Hash(Header(response, "X-Linked-Etag") ?? Header(response, "ETag") ?? "")
        );
        return file.IsValid
            ? file
            : throw new TextualInversionException(
                $"{id}: {options.Endpoint.Host} gives no size and hash of {path}, so a download cannot be checked; "
                    + "use another HF_ENDPOINT."
            );
    }

    /// <summary>The hash inside an ETag: <c>"HASH"</c>, or <c>W/"HASH"</c> from a server that compresses.</summary>
    private static string Hash(string tag) =>
        (tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag).Trim('"');

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private static HubFile ToFile(Sibling? file)
    {
        if (file is null)
            throw new JsonException("null");
        var (size, hash) = file.Lfs is { } large ? (large.Size, large.Sha256) : (file.Size, file.BlobId);
        return new HubFile(file.Rfilename, size ?? -1, hash ?? "");
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, string host, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var answer = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (await connection.ReadAsync(body, buffer, host, cancellationToken) is var read and > 0)
        {
            answer.Write(buffer, 0, read);
            if (answer.Length > MaxAnswerBytes)
                throw new TextualInversionException(
                    $"{host}: its answer is longer than {MaxAnswerBytes >> 20} MiB, too long for a list of files; "
                        + "check HF_ENDPOINT."
                );
        }

        return answer.ToArray();
    }

    private sealed record ModelInfo(
        [property: JsonRequired] string Sha,
        [property: JsonRequired] IReadOnlyList<Sibling?> Siblings
    );

    private sealed record Sibling(
        [property: JsonRequired] string Rfilename,
        long? Size,
        string? BlobId,
        LargeFile? Lfs
    );

    private sealed record LargeFile(string? Sha256, long? Size);
}
