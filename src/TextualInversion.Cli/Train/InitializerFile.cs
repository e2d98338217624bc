using System.Security.Cryptography;
using TextualInversion.Embeddings;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary><c>train --initializer FILE</c>: starts from the rows of an embedding instead of words.</summary>
internal static class InitializerFile
{
    /// <summary>The rows, (n, d) for each text encoder; null where the text names no file but words.</summary>
    /// <param name="text">what the user said, if anything</param>
    /// <param name="vectors">n: the file must hold as many</param>
    /// <param name="widths">d of each text encoder of the model</param>
    /// <exception cref="TextualInversionException">The file is missing or no embedding, or does not fit.</exception>
    public static IReadOnlyList<Tensor>? TryRead(string? text, int vectors, IReadOnlyList<long> widths)
    {
        if (
            text is null
            || !(
                EmbeddingFile.Extensions.Contains(Path.GetExtension(text).ToLowerInvariant())
                || (text.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) && File.Exists(text))
            )
        )
            return null;
        if (!File.Exists(text))
            throw new TextualInversionException(
                $"--initializer {text}: no such file; name an embedding, or words such as cat."
            );
        var embedding = EmbeddingFile.Read(text);
        if (!embedding.Widths.SequenceEqual(widths))
            throw new TextualInversionException(
                $"--initializer {text}: its rows are {string.Join(" and ", embedding.Widths)} wide and the model's {string.Join(" and ", widths)}; it is for another kind of model."
            );
        if (embedding.Vectors != vectors)
            throw new TextualInversionException(
                $"--initializer {text}: has {embedding.Vectors} vectors and {vectors} are to be learned; say --vectors {embedding.Vectors}."
            );
        return embedding.Rows;
    }

    /// <summary>Of the file's content, as lower-case hexadecimal.</summary>
    public static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
