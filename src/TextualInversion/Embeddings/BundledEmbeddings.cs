using TextualInversion.Tensors;

namespace TextualInversion.Embeddings;

/// <summary>
/// Embeddings inside a LoRA file, as the WebUI, ComfyUI and OneTrainer keep them: <c>bundle_emb.NAME.KEY</c>, where KEY
/// is that of the embedding's own file: <c>string_to_param.*</c>, <c>emb_params</c>, <c>clip_l</c> and so on.
/// </summary>
internal static class BundledEmbeddings
{
    private const string Prefix = "bundle_emb.",
        WebUiKey = "string_to_param.*",
        PlainKey = "emb_params";

    /// <summary>Whether a file has such tensors, beside whatever else.</summary>
    public static bool Matches(ITensorFile file) => file.Tensors.Keys.Any(IsBundled);

    /// <summary>Reads each embedding as if it were a file of its own; the other tensors are not looked at.</summary>
    /// <exception cref="TextualInversionException">A tensor cannot be an embedding.</exception>
    internal static IReadOnlyList<EmbeddingFile> Read(ITensorFile file)
    {
        var isAlone = file.Tensors.Keys.All(IsBundled);
        return
        [
            .. file
                .Tensors.Where(tensor => IsBundled(tensor.Key))
                .GroupBy(tensor => NameOf(tensor.Key))
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group =>
                    Read(file, group.Key, [.. group.Select(tensor => tensor.Key)]) with
                    {
                        Origin = isAlone ? "a bundle of embeddings" : "bundled with other tensors, such as a LoRA",
                    }
                ),
        ];
    }

    private static EmbeddingFile Read(ITensorFile file, string name, IReadOnlyList<string> keys)
    {
        var own = new RenamedTensors(
            file,
            keys.Select(key => (KeyOf(key, name), new TensorSource(key, file.Tensors[key].Shape)))
        );
        var read =
            SdxlFormat.Matches(own) ? SdxlFormat.Read(own)
            : WebUiSafetensorsFormat.Matches(own) ? WebUiSafetensorsFormat.Read(own)
            : EncoderKeys.Matches(own) ? EncoderKeys.Read(own)
            : DiffusersFormat.Read(own, mayHaveSecond: false);
        return read with
        {
            Container = SafetensorsMetadata.Container(file),
            Embedding = read.Embedding with { Trigger = name, Name = null, IsBundled = true },
        };
    }

    private static bool IsBundled(string key) =>
        key.StartsWith(Prefix, StringComparison.Ordinal) && key.IndexOf('.', Prefix.Length) > Prefix.Length;

    private static string NameOf(string key) => key[Prefix.Length..key.IndexOf('.', Prefix.Length)];

    private static string KeyOf(string key, string name)
    {
        var own = key[(Prefix.Length + name.Length + 1)..];
        return own == WebUiKey ? PlainKey : own;
    }
}
