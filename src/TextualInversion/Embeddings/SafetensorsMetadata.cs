using TextualInversion.Tensors;

namespace TextualInversion.Embeddings;

/// <summary>
/// The metadata of an embedding in a safetensors file: provenance, and the placeholder token if the layout has no place
/// for it.
/// </summary>
internal static class SafetensorsMetadata
{
    private const string FormatKey = "format",
        TriggerKey = "trigger",
        NameKey = "name";

    public static Dictionary<string, string> Metadata(LearnedEmbedding embedding, bool withTrigger)
    {
        var metadata = new Dictionary<string, string> { [FormatKey] = "pt" };
        if (withTrigger)
            metadata[TriggerKey] = embedding.Trigger;
        if (embedding.Name is { } name)
            metadata[NameKey] = name;
        foreach (var (key, value) in embedding.Provenance)
            metadata[key] = value;
        return metadata;
    }

    public static EmbeddingContainer Container(ITensorFile file) =>
        file is SafetensorsFile ? EmbeddingContainer.Safetensors : EmbeddingContainer.Torch;

    public static IReadOnlyDictionary<string, string> Provenance(ITensorFile file) =>
        file is SafetensorsFile { Metadata: var metadata }
            ? metadata.Where(pair => pair.Key is not (FormatKey or TriggerKey or NameKey)).ToDictionary()
            : new Dictionary<string, string>();

    /// <summary>See <see cref="LearnedEmbedding.Name"/>.</summary>
    public static string? Name(ITensorFile file) => (file as SafetensorsFile)?.Metadata.GetValueOrDefault(NameKey);

    /// <summary>
    /// The placeholder token in the metadata, or else the file's name without extension, as in the WebUI and ComfyUI.
    /// </summary>
    public static string Trigger(ITensorFile file) =>
        (file as SafetensorsFile)?.Metadata.GetValueOrDefault(TriggerKey) is { Length: > 0 } trigger
            ? trigger
            : Path.GetFileNameWithoutExtension(file.FilePath);
}
