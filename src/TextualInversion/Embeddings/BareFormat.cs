using TextualInversion.IO;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// A torch file that is a single tensor [n, d] or [d]. The placeholder token is the file's name without extension. A
/// file that is a list of one tensor counts as bare too.
/// </summary>
internal static class BareFormat
{
    /// <exception cref="TextualInversionException">The tensor cannot be an embedding.</exception>
    internal static EmbeddingFile Read(TorchPickle file, PickledTensor tensor)
    {
        var rows = EmbeddingRows.Read(file, "its tensor", tensor);
        return new EmbeddingFile(
            file.FilePath,
            EmbeddingFormat.Bare,
            EmbeddingContainer.Torch,
            tensor.Type,
            new LearnedEmbedding(
                Path.GetFileNameWithoutExtension(file.FilePath),
                [rows],
                new Dictionary<string, string>()
            )
        );
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
        TorchSave.Write(path, rows, overwrite);
    }
}
