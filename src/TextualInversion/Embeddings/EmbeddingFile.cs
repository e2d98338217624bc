using TextualInversion.Data;
using TextualInversion.IO;
using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>An embedding as it was read from a file of any layout.</summary>
/// <param name="Path">the file</param>
/// <param name="Layout">its layout</param>
/// <param name="Container">what the layout is kept in; some may be kept in two</param>
/// <param name="Type">in which it keeps its numbers</param>
/// <param name="Embedding">what it holds</param>
internal sealed record EmbeddingFile(
    string Path,
    EmbeddingFormat Layout,
    EmbeddingContainer Container,
    ScalarType Type,
    LearnedEmbedding Embedding
) : IDisposable
{
    /// <summary>The extensions under which people keep embeddings, for searching a folder.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".safetensors", ".pt", ".bin", ".ckpt", ".png"];

    /// <summary>Reads a file as what its content says it is, whatever its name.</summary>
    /// <exception cref="TextualInversionException">The file is missing, damaged or holds no embedding.</exception>
    public static EmbeddingFile Open(string path)
    {
        if (Directory.Exists(path))
            throw new TextualInversionException($"{path}: is a folder; name a file.");
        return Open(new FileSource(path));
    }

    /// <summary>As <see cref="Open(string)"/>, from memory.</summary>
    /// <param name="name">What messages call it; its stem is the trigger where the content has none.</param>
    /// <param name="content">The file's bytes.</param>
    /// <exception cref="TextualInversionException">It is damaged or holds no embedding.</exception>
    public static EmbeddingFile Open(string name, byte[] content) => Open(new FileSource(name, content));

    /// <summary>As <see cref="Open(string)"/>, for those who only want the embedding.</summary>
    public static LearnedEmbedding Read(string path) => Open(path).Embedding;

    /// <summary>Writes an embedding; the same one gives the same bytes.</summary>
    /// <exception cref="TextualInversionException">The layout is for another number of text encoders; or see <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(
        string path,
        EmbeddingFormat layout,
        LearnedEmbedding embedding,
        bool overwrite,
        ScalarType type = ScalarType.Float32
    )
    {
        if (embedding.Rows.Count != EmbeddingFormats.Encoders(layout))
            throw new TextualInversionException(
                $"{path}: the layout {EmbeddingFormats.Name(layout)} is for {Count(EmbeddingFormats.Encoders(layout))}, and {embedding.Trigger} has rows for {Count(embedding.Rows.Count)}; choose {(embedding.Rows.Count == 2 ? "sdxl" : "another")}."
            );
        Action<string, LearnedEmbedding, bool, ScalarType> write = layout switch
        {
            EmbeddingFormat.Diffusers => DiffusersFormat.Write,
            EmbeddingFormat.WebUi => WebUiFormat.Write,
            EmbeddingFormat.WebUiSafetensors => WebUiSafetensorsFormat.Write,
            EmbeddingFormat.Sdxl => SdxlFormat.Write,
            EmbeddingFormat.Paper => PaperFormat.Write,
            EmbeddingFormat.Png => PngCardFormat.Write,
            EmbeddingFormat.Bare => BareFormat.Write,
            _ => throw new ArgumentOutOfRangeException(nameof(layout)),
        };
        write(path, embedding, overwrite, type);
    }

    public void Dispose() => Embedding.Dispose();

    private static EmbeddingFile Open(FileSource source)
    {
        var prefix = source.Prefix();
        if (prefix.AsSpan().StartsWith(PngTextChunk.Signature))
            return PngCardFormat.Read(source);
        if (FileKind.IsSafetensors(prefix) || !(FileKind.IsZip(prefix) || FileKind.IsPickle(prefix)))
            return OfTensors(SafetensorsFile.Open(source), source);
        var file = TorchPickle.Open(source);
        return file.Root is IReadOnlyList<object?> and [var only]
            ? OfRoot(file, only, source) with
            {
                Layout = EmbeddingFormat.Bare,
            }
            : OfRoot(file, file.Root, source);
    }

    private static EmbeddingFile OfRoot(TorchPickle file, object? root, FileSource source) =>
        root switch
        {
            PickledTensor tensor => BareFormat.Read(file, tensor),
            PickledDict dictionary when PaperFormat.Matches(dictionary) => PaperFormat.Read(file, dictionary),
            PickledDict dictionary when WebUiFormat.Matches(dictionary) => WebUiFormat.Read(file, dictionary),
            PickledDict dictionary => OfTensors(TorchFile.Of(file, dictionary), source),
            _ => throw new TextualInversionException(
                $"{file.FilePath}: holds neither a tensor nor a dictionary of tensors; name a file of learned rows."
            ),
        };

    private static EmbeddingFile OfTensors(ITensorFile file, FileSource source) =>
        SdxlFormat.Matches(file) ? SdxlFormat.Read(file)
        : WebUiSafetensorsFormat.Matches(file) ? WebUiSafetensorsFormat.Read(file)
        : DiffusersFormat.Read(file, mayHaveSecond: !source.IsInMemory);

    private static string Count(int encoders) => encoders == 1 ? "one text encoder" : $"{encoders} text encoders";
}
