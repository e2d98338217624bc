using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Training.Initializers;

/// <summary>An initializer that is an embedding file: training starts from its rows instead of words.</summary>
internal static class InitializerFile
{
    /// <summary>The rows, (n, d) for each text encoder, or null if the text is not a file but words.</summary>
    /// <param name="text">A file or words.</param>
    /// <param name="vectors">n: the number of vectors that the file must hold.</param>
    /// <param name="widths">d of each text encoder of the model.</param>
    /// <exception cref="TextualInversionException">The file is missing, is not an embedding, or does not
    /// fit.</exception>
    public static IReadOnlyList<Tensor>? TryRead(string text, int vectors, IReadOnlyList<long> widths)
    {
        if (!IsFile(text))
            return null;
        if (!File.Exists(text))
            throw Problem(text, "no such file; name an embedding, or words such as cat.");
        var embedding = EmbeddingFile.Read(text);
        if (!embedding.Widths.SequenceEqual(widths))
            throw Problem(
                text,
                $"its rows are {string.Join(" and ", embedding.Widths)} wide and the model's "
                    + $"{string.Join(" and ", widths)}; it is for another kind of model."
            );
        if (embedding.Vectors != vectors)
            throw Problem(
                text,
                $"has {embedding.Vectors} vectors, and {vectors} are to be trained; train {embedding.Vectors}."
            );
        return embedding.Rows;
    }

    /// <summary>The options with the number of vectors of the initializer's file, if none was asked for.</summary>
    /// <exception cref="TextualInversionException">The file is not an embedding.</exception>
    public static TrainOptions WithVectors(TrainOptions options)
    {
        if (options.Vectors is not null || !IsFile(options.Initializer) || !File.Exists(options.Initializer))
            return options;
        using var embedding = EmbeddingFile.Read(options.Initializer);
        return options with { Vectors = embedding.Vectors };
    }

    /// <summary>Whether the text ends like an embedding file, or is the path of a file that exists.</summary>
    private static bool IsFile(string text) =>
        EmbeddingFile.Extensions.Contains(Path.GetExtension(text).ToLowerInvariant())
        || (text.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(text));

    private static TextualInversionException Problem(string path, string problem) =>
        TextualInversionException.ForParameter(nameof(TrainOptions.Initializer), $"{path}: {problem}");
}
