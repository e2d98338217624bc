using TextualInversion.Data;
using TextualInversion.IO;
using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>An embedding as read from a file of any layout.</summary>
/// <param name="Path">The file.</param>
/// <param name="Layout">The layout.</param>
/// <param name="Container">The kind of file; some layouts have two.</param>
/// <param name="Type">The dtype of the values.</param>
/// <param name="Embedding">The embedding.</param>
internal sealed record EmbeddingFile(
    string Path,
    EmbeddingFormat Layout,
    EmbeddingContainer Container,
    ScalarType Type,
    LearnedEmbedding Embedding
) : IDisposable
{
    /// <summary>The program or method that the tensors' names indicate, or null if the layout says it all.</summary>
    public string? Origin { get; init; }

    /// <summary>Names of vectors that replace a text encoder's output, which are not supported.</summary>
    public IReadOnlyList<string> OutputKeys { get; init; } = [];

    /// <summary>Names of vectors for text encoders that no supported model has.</summary>
    public IReadOnlyList<string> UnusedKeys { get; init; } = [];

    /// <summary>The name of the only tensor, for programs that go by it; null if it does not matter.</summary>
    public string? Key { get; init; }

    /// <summary>How a torch file was saved.</summary>
    public TorchTraits Torch { get; init; }

    /// <summary>The extensions of embedding files, for searching a folder.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".safetensors", ".pt", ".bin", ".ckpt", ".png"];

    /// <summary>Reads a file by its content, whatever its name.</summary>
    /// <exception cref="TextualInversionException">
    /// The file is missing or damaged, or contains no embedding or several.
    /// </exception>
    public static EmbeddingFile Open(string path) => Single(path, OpenAll(path));

    /// <summary>Reads a file of one embedding or of several.</summary>
    /// <exception cref="TextualInversionException">The file is missing, damaged or contains no embedding.</exception>
    public static IReadOnlyList<EmbeddingFile> OpenAll(string path)
    {
        if (Directory.Exists(path))
            throw new TextualInversionException($"{path}: is a folder; name a file.");
        return Open(new FileSource(path));
    }

    /// <summary>As <see cref="Open(string)"/>, from memory.</summary>
    /// <param name="name">
    /// The name for messages. If the content has no placeholder token, the name without extension becomes the token.
    /// </param>
    /// <param name="content">The file's bytes.</param>
    /// <exception cref="TextualInversionException">The file is damaged or contains no embedding.</exception>
    public static EmbeddingFile Open(string name, byte[] content) => Single(name, Open(new FileSource(name, content)));

    /// <summary>As <see cref="Open(string)"/>, for use with a model.</summary>
    /// <exception cref="TextualInversionException">
    /// See <see cref="Open(string)"/>; or the file has vectors that replace a text encoder's output.
    /// </exception>
    public static LearnedEmbedding Read(string path)
    {
        var file = Open(path);
        if (file.OutputKeys.Count == 0)
            return file.Embedding;
        file.Dispose();
        throw new TextualInversionException(
            $"{path}: has output embeddings ({string.Join(", ", file.OutputKeys)}), which replace a text encoder's "
                + "output and are not supported; `ti convert` writes its input vectors alone."
        );
    }

    /// <summary>Reads the embeddings inside a LoRA's file; none if it has none.</summary>
    /// <exception cref="TextualInversionException">The file is missing, or it or one of them is damaged.</exception>
    public static IReadOnlyList<LearnedEmbedding> ReadBundle(string path) =>
        BundledEmbeddings.Matches(TensorFile.Open(path)) ? [.. OpenAll(path).Select(file => file.Embedding)] : [];

    /// <summary>Writes an embedding. The same embedding gives the same bytes.</summary>
    /// <exception cref="TextualInversionException">
    /// The layout is for another number of text encoders; or see <see cref="AtomicFile.Write"/>.
    /// </exception>
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
                $"{path}: the layout {EmbeddingFormats.Name(layout)} is for "
                    + $"{Count(EmbeddingFormats.Encoders(layout))}, "
                    + $"and {embedding.Trigger} has vectors for {Count(embedding.Rows.Count)}; "
                    + $"choose {(embedding.Rows.Count == 2 ? "sdxl" : "another")}."
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

    /// <summary>The same in the layout of the embedding's number of text encoders.</summary>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(string path, LearnedEmbedding embedding, bool overwrite) =>
        Write(path, EmbeddingFormats.Default(embedding.Rows.Count), embedding, overwrite);

    public void Dispose() => Embedding.Dispose();

    private static EmbeddingFile Single(string path, IReadOnlyList<EmbeddingFile> files)
    {
        if (files is [var only])
            return only;
        var tokens = string.Join(", ", files.Select(file => file.Embedding.Trigger));
        foreach (var file in files)
            file.Dispose();
        throw new TextualInversionException(
            $"{path}: has {files.Count} embeddings ({tokens}); `ti convert` writes each to a file of its own."
        );
    }

    private static IReadOnlyList<EmbeddingFile> Open(FileSource source)
    {
        var prefix = source.Prefix();
        if (prefix.AsSpan().StartsWith(PngTextChunk.Signature))
            return [PngCardFormat.Read(source)];
        if (FileKind.IsImage(prefix))
            throw new TextualInversionException(
                $"{source.Path}: is an image; of these, only PNG files can hold an embedding that is read."
            );
        FileKind.RefuseOther(source.Path, prefix);
        if (FileKind.IsSafetensors(prefix) || !(FileKind.IsZip(prefix) || FileKind.IsPickle(prefix)))
            return OfTensors(SafetensorsFile.Open(source), source);
        var file = TorchPickle.Open(source);
        var read = file.Root is IReadOnlyList<object?> and [var only]
            ? OfRoot(file, only, source).Select(read => read with { Layout = EmbeddingFormat.Bare })
            : OfRoot(file, file.Root, source);
        return [.. read.Select(each => each with { Torch = file.Traits })];
    }

    private static IReadOnlyList<EmbeddingFile> OfRoot(TorchPickle file, object? root, FileSource source) =>
        root switch
        {
            PickledTensor tensor => [BareFormat.Read(file, tensor)],
            PickledDict dictionary when PaperFormat.Matches(dictionary) => [PaperFormat.Read(file, dictionary)],
            PickledDict dictionary when WebUiFormat.Matches(dictionary) => [WebUiFormat.Read(file, dictionary)],
            PickledDict dictionary => OfTensors(TorchFile.Of(file, dictionary), source),
            _ => throw new TextualInversionException(
                $"{file.FilePath}: is neither a tensor nor a dictionary of tensors; name an embedding file."
            ),
        };

    private static IReadOnlyList<EmbeddingFile> OfTensors(ITensorFile file, FileSource source) =>
        BundledEmbeddings.Matches(file) ? BundledEmbeddings.Read(file)
        : SdxlFormat.Matches(file) ? [SdxlFormat.Read(file)]
        : WebUiSafetensorsFormat.Matches(file) ? [WebUiSafetensorsFormat.Read(file)]
        : EncoderKeys.Matches(file) ? [EncoderKeys.Read(file)]
        : EmbeddingPack.Matches(file) ? EmbeddingPack.Read(file)
        : [DiffusersFormat.Read(file, mayHaveSecond: !source.IsInMemory)];

    private static string Count(int encoders) => encoders == 1 ? "one text encoder" : $"{encoders} text encoders";
}
