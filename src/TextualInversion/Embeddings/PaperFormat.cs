using TextualInversion.IO;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// The torch files of the textual inversion paper's code: <c>{string_to_token: {"*": token}, string_to_param:
/// ParameterDict}</c> (https://github.com/rinongal/textual_inversion/blob/main/ldm/modules/embedding_manager.py,
/// <c>save</c>).
/// </summary>
internal static class PaperFormat
{
    /// <summary>The placeholder token in all files of the paper's code.</summary>
    internal const string Asterisk = "*";

    private const string Tokens = "string_to_token",
        Parameters = "string_to_param";

    /// <summary>Whether the file is the paper's: the WebUI's files have the same layout with additional keys.</summary>
    internal static bool Matches(PickledDict root) =>
        WebUiFormat.Matches(root) && !root.Any(pair => pair.Key is "name");

    /// <exception cref="TextualInversionException">
    /// The file holds the vectors of no placeholder token or of several.
    /// </exception>
    internal static EmbeddingFile Read(TorchPickle file, PickledDict root)
    {
        var (placeholder, tensor) = WebUiFormat.Single(file, root);
        var trigger = placeholder is "" or Asterisk ? Path.GetFileNameWithoutExtension(file.FilePath) : placeholder;
        return new EmbeddingFile(
            file.FilePath,
            EmbeddingFormat.Paper,
            EmbeddingContainer.Torch,
            tensor.Type,
            new LearnedEmbedding(
                trigger,
                [EmbeddingRows.Read(file, placeholder, tensor)],
                new Dictionary<string, string>()
            )
        );
    }

    /// <summary>
    /// Writes the placeholder token in place of the paper's asterisk. The id remains that of the asterisk, which is in
    /// the prompts of the paper's code.
    /// </summary>
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
        var token = tensor(WebUiRecord.AsteriskToken);
        TorchSave.Write(
            path,
            new OrderedDictionary<string, object?>
            {
                [Tokens] = new Dictionary<string, object?> { [embedding.Trigger] = token },
                [Parameters] = new SavedParameters(embedding.Trigger, rows),
            },
            overwrite
        );
    }
}
