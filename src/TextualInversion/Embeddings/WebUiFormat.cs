using TextualInversion.IO;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// The AUTOMATIC1111 WebUI's torch files: <c>{string_to_token: {"*": 265}, string_to_param: {"*": [n, d]}, name, step,
/// sd_checkpoint, sd_checkpoint_name}</c>. The placeholder token is the file's name without extension in the WebUI, and
/// <c>name</c> in diffusers.
/// </summary>
internal static class WebUiFormat
{
    private const string Parameters = "string_to_param";

    internal static bool Matches(PickledDict root) => root[Parameters] is not null;

    /// <exception cref="TextualInversionException">
    /// The file holds the vectors of no placeholder token or of several.
    /// </exception>
    internal static EmbeddingFile Read(TorchPickle file, PickledDict root)
    {
        var (_, tensor) = Single(file, root);
        var record = new WebUiRecord(
            root["name"] as string,
            root["step"] as long?,
            root["sd_checkpoint"] as string,
            root["sd_checkpoint_name"] as string
        );
        return new EmbeddingFile(
            file.FilePath,
            EmbeddingFormat.WebUi,
            EmbeddingContainer.Torch,
            tensor.Type,
            new LearnedEmbedding(
                record.Trigger(file.FilePath),
                [EmbeddingRows.Read(file, Parameters, tensor)],
                record.Provenance()
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
        var record = WebUiRecord.Of(embedding);
        TorchSave.Write(
            path,
            new OrderedDictionary<string, object?>
            {
                ["string_to_token"] = new Dictionary<string, object?> { ["*"] = WebUiRecord.AsteriskToken },
                [Parameters] = new Dictionary<string, object?> { ["*"] = rows },
                ["name"] = record.Name,
                ["step"] = record.Step,
                ["sd_checkpoint"] = record.Checkpoint,
                ["sd_checkpoint_name"] = record.CheckpointName,
            },
            overwrite
        );
    }

    /// <summary>
    /// The only placeholder token and its tensor in <c>string_to_param</c>, a dictionary or a ParameterDict.
    /// </summary>
    /// <exception cref="TextualInversionException">There are none or several.</exception>
    internal static (string Placeholder, PickledTensor Tensor) Single(TorchPickle file, PickledDict root)
    {
        var parameters = root[Parameters] switch
        {
            PickledDict dictionary => dictionary,
            PickledObject { State: PickledDict state } => state["_parameters"] as PickledDict,
            _ => null,
        };
        var tensors = (parameters ?? []).Where(pair => pair is { Key: string, Value: PickledTensor }).Take(2).ToList();
        if (tensors.Count == 1)
            return ((string)tensors[0].Key, (PickledTensor)tensors[0].Value!);
        var found = tensors.Count == 0 ? "no vectors" : "several placeholders";
        throw new TextualInversionException(
            $"{file.FilePath}: holds {found} in {Parameters}, where one is expected; it was damaged, or saved while "
                + "training several words."
        );
    }
}
