using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Hub;

/// <summary>
/// What the hub says of a repository
/// (https://huggingface.co/docs/huggingface_hub/package_reference/hf_api#huggingface_hub.HfApi.model_info, with its files' metadata).
/// </summary>
internal sealed class HubApi(HubConnection connection, HubOptions options)
{
    private const int MaxAnswerBytes = 64 << 20;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        RespectNullableAnnotations = true,
    };

    /// <exception cref="HubFailure">It failed in a way that may pass.</exception>
    /// <exception cref="TextualInversionException">There is no such repository, it is not for us, or its names are not safe.</exception>
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
            return HubListing.Checked(
                id,
                info.Sha,
                info.Siblings.Select(file =>
                    file is null
                        ? throw new JsonException("null")
                        : new HubFile(
                            file.Rfilename,
                            file.Lfs?.Size ?? file.Size ?? -1,
                            file.Lfs?.Sha256 ?? file.BlobId ?? ""
                        )
                )
            );
        }
        catch (JsonException error)
        {
            var what = answer.AsSpan().TrimStart(" \t\r\n\ufeff"u8).StartsWith((byte)'<')
                ? "with a web page (a network's login?)"
                : "not as a hub does";
            throw new TextualInversionException(
                $"{id}: {options.Endpoint.Host} answers {what}; check the network and HF_ENDPOINT.",
                error
            );
        }
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
                    $"{host}: its answer is longer than {MaxAnswerBytes >> 20} MiB, which no listing is; check HF_ENDPOINT."
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

    private sealed record LargeFile([property: JsonRequired] string Sha256, [property: JsonRequired] long Size);
}
