using System.Text.Json;
using TextualInversion.IO;

namespace TextualInversion.Hub;

internal enum CachedKind
{
    StableDiffusion1,
    StableDiffusion2,
    StableDiffusionXl,

    /// <summary>A tokenizer, another kind of model, or a part of one.</summary>
    Other,
}

/// <summary>A revision of a model in the cache.</summary>
/// <param name="Model"><c>owner/name</c>.</param>
/// <param name="Commit">The hash.</param>
/// <param name="Revisions">The branches and tags that were this commit when they were last read.</param>
/// <param name="Kind">The kind of model.</param>
/// <param name="Bytes">The size of its files; snapshots of one model may share some.</param>
/// <param name="Path">The folder.</param>
internal sealed record CachedSnapshot(
    string Model,
    string Commit,
    IReadOnlyList<string> Revisions,
    CachedKind Kind,
    long Bytes,
    string Path
)
{
    /// <summary>
    /// Recognizes a model by its pipeline's class. Stable Diffusion 1 and 2 have the same; 2 has an OpenCLIP text
    /// encoder, whose activation is gelu.
    /// </summary>
    internal static CachedKind KindOf(string snapshot) =>
        Text(snapshot, "model_index.json", "_class_name") switch
        {
            "StableDiffusionXLPipeline" => CachedKind.StableDiffusionXl,
            "StableDiffusionPipeline" => Text(snapshot, "text_encoder/config.json", "hidden_act") == "gelu"
                ? CachedKind.StableDiffusion2
                : CachedKind.StableDiffusion1,
            _ => CachedKind.Other,
        };

    private static string? Text(string snapshot, string file, string key)
    {
        var path = System.IO.Path.Combine(snapshot, file);
        if (HubCache.LengthOf(path) is null)
            return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty(key, out var value)
                && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (Exception error) when (error is JsonException || IoErrors.IsFileError(error))
        {
            return null; // damaged files are reported by the verification
        }
    }
}
