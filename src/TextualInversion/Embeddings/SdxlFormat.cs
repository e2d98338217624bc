using TextualInversion.IO;
using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// The layout for Stable Diffusion XL that ComfyUI, the WebUI and diffusers read: exactly the tensors <c>clip_l</c> [n,
/// d1] and <c>clip_g</c> [n, d2], in a safetensors or torch file. It has no place for the placeholder token; other
/// programs use the file's name. The metadata of a safetensors file holds the token too.
/// </summary>
internal static class SdxlFormat
{
    private static readonly string[] Keys = ["clip_l", "clip_g"]; // in the order of the encoders

    /// <summary>Whether a file is of this layout.</summary>
    public static bool Matches(ITensorFile file) =>
        file.Tensors.Count == Keys.Length && Keys.All(file.Tensors.ContainsKey);

    /// <exception cref="TextualInversionException">
    /// The tensors cannot be embeddings, or their numbers of vectors differ.
    /// </exception>
    internal static EmbeddingFile Read(ITensorFile file)
    {
        var rows = Keys.Select(key => EmbeddingRows.Read(file, key)).ToList(); // (n, d1), (n, d2)
        if (rows[0].shape[0] != rows[1].shape[0])
            throw new TextualInversionException(
                $"{file.FilePath}: has {rows[0].shape[0]} vectors in clip_l and {rows[1].shape[0]} in clip_g, "
                    + "which should be equally many; take another copy of it."
            );
        return new EmbeddingFile(
            file.FilePath,
            EmbeddingFormat.Sdxl,
            SafetensorsMetadata.Container(file),
            file.Tensors[Keys[0]].Type,
            new LearnedEmbedding(SafetensorsMetadata.Trigger(file), rows, SafetensorsMetadata.Provenance(file))
            {
                Name = SafetensorsMetadata.Name(file),
            }
        );
    }

    /// <summary>
    /// Writes a safetensors file with the placeholder token and the provenance in its metadata, or a torch file if the
    /// extension is one of torch's.
    /// </summary>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(
        string path,
        LearnedEmbedding embedding,
        bool overwrite,
        ScalarType type = ScalarType.Float32
    )
    {
        if (embedding.Rows.Count != Keys.Length)
            throw new ArgumentException("The layout holds the rows of two text encoders.", nameof(embedding));
        using var scope = NewDisposeScope();
        Tensor first = EmbeddingRows.As(embedding.Rows[0], type),
            second = EmbeddingRows.As(embedding.Rows[1], type);
        if (TorchExtensions.Has(path))
            TorchSave.Write(path, new Dictionary<string, object?> { [Keys[0]] = first, [Keys[1]] = second }, overwrite);
        else
            SafetensorsFile.Write(
                path,
                new Dictionary<string, Tensor> { [Keys[0]] = first, [Keys[1]] = second },
                SafetensorsMetadata.Metadata(embedding, withTrigger: true),
                overwrite
            );
    }
}
