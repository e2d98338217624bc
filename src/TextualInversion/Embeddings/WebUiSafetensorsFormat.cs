using TextualInversion.IO;
using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// The layout of most embeddings on model-sharing sites: one tensor <c>emb_params</c> [n, d] in a safetensors file, as
/// kohya's scripts and invoke-training write it. OneTrainer calls the tensor <c>emp_params</c>; others name it after
/// the text encoder. The placeholder token is the file's name without extension; the metadata of our files holds it
/// too.
/// </summary>
internal static class WebUiSafetensorsFormat
{
    private const string Key = "emb_params";

    /// <summary>The names that the tensor may have.</summary>
    private static readonly string[] Keys = [Key, "emp_params", "clip_l", "clip_g"];

    /// <summary>Whether a file is of this layout.</summary>
    public static bool Matches(ITensorFile file) =>
        file.Tensors.Count == 1 && Keys.Contains(file.Tensors.Keys.Single());

    /// <exception cref="TextualInversionException">The tensor cannot be an embedding.</exception>
    internal static EmbeddingFile Read(ITensorFile file)
    {
        var (name, entry) = file.Tensors.Single();
        return new EmbeddingFile(
            file.FilePath,
            EmbeddingFormat.WebUiSafetensors,
            SafetensorsMetadata.Container(file),
            entry.Type,
            new LearnedEmbedding(
                SafetensorsMetadata.Trigger(file),
                [EmbeddingRows.Read(file, name)],
                SafetensorsMetadata.Provenance(file)
            )
            {
                Name = SafetensorsMetadata.Name(file),
            }
        )
        {
            Key = name,
        };
    }

    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(
        string path,
        LearnedEmbedding embedding,
        bool overwrite,
        ScalarType type = ScalarType.Float32
    )
    {
        if (embedding.Rows.Count != 1)
            throw new ArgumentException("The layout holds the rows of one text encoder.", nameof(embedding));
        using var scope = NewDisposeScope();
        var rows = EmbeddingRows.As(embedding.Rows[0], type);
        if (TorchExtensions.Has(path))
            TorchSave.Write(path, new Dictionary<string, object?> { [Key] = rows }, overwrite);
        else
            SafetensorsFile.Write(
                path,
                new Dictionary<string, Tensor> { [Key] = rows },
                SafetensorsMetadata.Metadata(embedding, withTrigger: true),
                overwrite
            );
    }
}
