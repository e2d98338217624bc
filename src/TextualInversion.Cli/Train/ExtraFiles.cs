using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Embeddings;
using TextualInversion.IO;

namespace TextualInversion.Cli.Train;

/// <summary>The files that <c>ti train</c> writes for other programs, if they are asked for.</summary>
/// <param name="Program">The program that the embedding is also written for, or null.</param>
/// <param name="HasPreview">Whether an image is written next to the embedding.</param>
internal sealed record ExtraFiles(TargetProgram? Program = null, bool HasPreview = false)
{
    /// <summary>The files for an embedding.</summary>
    /// <param name="embedding">The embedding's file.</param>
    public IEnumerable<string> Of(string embedding)
    {
        if (Program is not null)
            yield return PathFor(Program, embedding, encoders: 1);
        if (HasPreview)
            yield return PreviewOf(embedding);
    }

    /// <summary>Writes an embedding for the program too, and says how that uses it.</summary>
    /// <exception cref="TextualInversionException">It cannot be written.</exception>
    public void WriteForProgram(string embeddingPath, bool mayReplace, ConsoleLog messages)
    {
        if (Program is not { } program)
            return;
        using var embedding = EmbeddingFile.Read(embeddingPath);
        var path = PathFor(program, embeddingPath, embedding.Rows.Count);
        EmbeddingFile.Write(path, program.Layout(embedding.Rows.Count), program.Adapt(embedding), mayReplace);
        using var written = EmbeddingFile.Open(path);
        var use = ToolCompatibility.Of(written).Single(each => each.Program == program.Title);
        messages.Info($"{JsonOutput.Relative(path)} is for {use.Program}: {use.How}");
    }

    /// <summary>Copies an image to NAME.preview.png next to the embedding.</summary>
    /// <param name="embeddingPath">The embedding's file.</param>
    /// <param name="image">The image.</param>
    /// <param name="mayReplace">Whether another preview may be replaced.</param>
    /// <param name="messages">Receives the preview's path.</param>
    /// <exception cref="TextualInversionException">There is no such image, or it cannot be written.</exception>
    public static void WritePreview(string embeddingPath, string image, bool mayReplace, ConsoleLog messages)
    {
        var preview = PreviewOf(embeddingPath);
        try
        {
            var content = File.ReadAllBytes(image);
            OutputFile.Write(
                preview,
                mayReplace,
                TrainOutput.NameOption,
                () => AtomicFile.Write(preview, mayReplace, stream => stream.Write(content))
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(image, error);
        }

        messages.Info($"preview: {JsonOutput.Relative(preview)}");
    }

    private static string PreviewOf(string embedding) => Path.ChangeExtension(embedding, ".preview.png");

    private static string PathFor(TargetProgram wanted, string embeddingPath, int encoders) =>
        wanted.PathIn(Path.GetDirectoryName(embeddingPath)!, Path.GetFileNameWithoutExtension(embeddingPath), encoders);
}
