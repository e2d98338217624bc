using TextualInversion.Tensors;

namespace TextualInversion.Embeddings;

/// <summary>
/// Files whose tensors are named after text encoders, with more names than the SDXL layout has: OneTrainer's
/// (<c>clip_l</c>, <c>clip_g</c>, <c>t5</c>, …, and the same with <c>_out</c> for vectors that replace an encoder's
/// output), and those of pivotal tuning (<c>text_encoders_0</c>, <c>text_encoders_1</c>). The vectors for CLIP encoders
/// are read; the others are listed.
/// </summary>
internal static class EncoderKeys
{
    private const string OutputSuffix = "_out";

    // The names of the first and the second encoder in each program.
    private static readonly (string First, string Second)[] Pairs =
    [
        ("clip_l", "clip_g"),
        ("text_encoders_0", "text_encoders_1"),
    ];

    private static readonly string[] Singles =
    [
        "emb_params",
        "emp_params",
        "clip_l",
        "text_encoders_0",
        "clip_h",
        "clip_g",
        "text_encoders_1",
    ];

    // Encoders of models that are not supported.
    private static readonly string[] Others = ["t5", "t5xxl", "llama", "gemma", "mistral3_24b", "qwen3_4b", "qwen3_8b"];

    /// <summary>Whether all tensors of a file have such names.</summary>
    public static bool Matches(ITensorFile file) => file.Tensors.Count > 0 && file.Tensors.Keys.All(IsReserved);

    /// <summary>Whether a tensor's name means an encoder, not an embedding of that name.</summary>
    public static bool IsReserved(string key) => Singles.Contains(Input(key)) || Others.Contains(Input(key));

    /// <exception cref="TextualInversionException">
    /// The file has no vectors for a CLIP encoder, or different numbers for two.
    /// </exception>
    internal static EmbeddingFile Read(ITensorFile file)
    {
        var keys = InputKeys(file);
        var rows = keys.Select(key => EmbeddingRows.Read(file, key)).ToList(); // (n, d) for each encoder
        if (rows.Count == 2 && rows[0].shape[0] != rows[1].shape[0])
            throw new TextualInversionException(
                $"{file.FilePath}: has {rows[0].shape[0]} vectors in {keys[0]} and {rows[1].shape[0]} in {keys[1]}, "
                    + "which should be equally many; take another copy of it."
            );
        var outputs = file.Tensors.Keys.Where(IsOutput).Order(StringComparer.Ordinal).ToList();
        var others = file.Tensors.Keys.Except(keys).Except(outputs).Order(StringComparer.Ordinal).ToList();
        return new EmbeddingFile(
            file.FilePath,
            rows.Count == 2 ? EmbeddingFormat.Sdxl : EmbeddingFormat.WebUiSafetensors,
            SafetensorsMetadata.Container(file),
            file.Tensors[keys[0]].Type,
            new LearnedEmbedding(SafetensorsMetadata.Trigger(file), rows, SafetensorsMetadata.Provenance(file))
            {
                Name = SafetensorsMetadata.Name(file),
            }
        )
        {
            Origin = keys[0].StartsWith("text_encoders", StringComparison.Ordinal) ? "pivotal tuning" : "OneTrainer",
            OutputKeys = outputs,
            UnusedKeys = others,
        };
    }

    private static List<string> InputKeys(ITensorFile file)
    {
        foreach (var (first, second) in Pairs)
        {
            if (file.Tensors.ContainsKey(first) && file.Tensors.ContainsKey(second))
                return [first, second];
        }

        if (Array.Find(Singles, file.Tensors.ContainsKey) is { } single)
            return [single];
        var outputs = file.Tensors.Keys.Where(IsOutput).ToList();
        throw new TextualInversionException(
            outputs.Count > 0
                ? $"{file.FilePath}: has only output embeddings ({string.Join(", ", outputs)}), which replace a text "
                    + "encoder's output (OneTrainer's option); they are not supported."
                : $"{file.FilePath}: is for the text encoders {string.Join(", ", file.Tensors.Keys)}, "
                    + "which no supported model has."
        );
    }

    private static bool IsOutput(string key) => key.EndsWith(OutputSuffix, StringComparison.Ordinal);

    private static string Input(string key) => IsOutput(key) ? key[..^OutputSuffix.Length] : key;
}
