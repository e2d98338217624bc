using TextualInversion.Tensors;

namespace TextualInversion.Embeddings;

/// <summary>
/// Several embeddings in one file, each a tensor named by its placeholder token, as some trainers save all tokens of a
/// run together.
/// </summary>
internal static class EmbeddingPack
{
    private const int MostTokens = 1000;

    // Some of the blocks of the U-Net after which kohya's scripts name such vectors.
    private static readonly string[] Blocks = ["IN01", "MID", "OUT11"];

    /// <summary>Whether all tensors look like vectors of one text encoder, rather than a model's weights.</summary>
    public static bool Matches(ITensorFile file)
    {
        var shapes = file.Tensors.Values.Select(tensor => tensor.Shape).ToList();
        return file.Tensors.Count is > 1 and <= MostTokens
            && file.Tensors.Keys.All(key => key.Length > 0 && !key.Contains('.'))
            && shapes.TrueForAll(shape => shape.Length is 1 or 2 && shape[^1] == shapes[0][^1]);
    }

    /// <summary>Reads each tensor as if it were a file of its own in diffusers' layout.</summary>
    /// <exception cref="TextualInversionException">
    /// A tensor cannot be an embedding, or they are one token's vectors for each block of the U-Net.
    /// </exception>
    internal static IReadOnlyList<EmbeddingFile> Read(ITensorFile file)
    {
        if (Blocks.All(file.Tensors.ContainsKey))
            throw new TextualInversionException(
                $"{file.FilePath}: has other vectors for each block of the U-Net (XTI, of kohya's scripts), which is "
                    + "not supported."
            );
        return
        [
            .. file
                .Tensors.OrderBy(tensor => tensor.Key, StringComparer.Ordinal)
                .Select(tensor => new EmbeddingFile(
                    file.FilePath,
                    EmbeddingFormat.Diffusers,
                    SafetensorsMetadata.Container(file),
                    tensor.Value.Type,
                    new LearnedEmbedding(
                        tensor.Key,
                        [EmbeddingRows.Read(file, tensor.Key)],
                        SafetensorsMetadata.Provenance(file)
                    )
                )
                {
                    Origin = $"one of {file.Tensors.Count} embeddings in the file",
                }),
        ];
    }
}
