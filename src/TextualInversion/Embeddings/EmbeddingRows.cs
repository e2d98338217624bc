using TextualInversion.Tensors;
using TextualInversion.Tensors.Torch;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>Converts between the tensors in files and vectors (n, d) in float32.</summary>
internal static class EmbeddingRows
{
    private const long MaxElements = 1 << 20; // a thousand vectors: far more than fit in a prompt

    /// <summary>Reads the vectors from a tensor (n, d), or (d) for a single vector.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="name">The tensor's name.</param>
    /// <param name="entry">The tensor's type and shape.</param>
    /// <param name="read">Reads the tensor.</param>
    /// <exception cref="TextualInversionException">
    /// The tensor has another shape or type, is too large, or contains NaN or infinity.
    /// </exception>
    public static Tensor Read(string path, string name, TensorEntry entry, Func<Tensor> read)
    {
        var shown = $"{path}: {MalformedFileException.Shown(name)} [{string.Join(", ", entry.Shape)}]";
        if (entry.Shape.Length is not (1 or 2) || entry.Shape.Contains(0))
            throw new TextualInversionException(
                $"{shown} is not an embedding, which has n x d values; name an embedding file."
            );
        if (entry.Type is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
            throw new TextualInversionException(
                $"{shown} contains {entry.Type}, and an embedding floating-point values; name an embedding file."
            );
        if (entry.Shape.Aggregate((Int128)1, (product, size) => product * size) > MaxElements)
            throw new TextualInversionException($"{shown} is too large for an embedding; it is more likely a model.");
        using var scope = NewDisposeScope();
        var rows = read().to(ScalarType.Float32).reshape(-1, entry.Shape[^1]).clone(); // (n, d)
        if (!FiniteCheck.AllFinite(rows))
            throw new TextualInversionException(
                $"{shown} contains NaN or infinity, as after a training that diverged or in float16; "
                    + "use an earlier checkpoint."
            );
        return rows.MoveToOuterDisposeScope();
    }

    public static Tensor Read(ITensorFile file, string name) =>
        Read(file.FilePath, name, file.Tensors[name], () => file.Read(name));

    public static Tensor Read(TorchPickle file, string name, PickledTensor tensor) =>
        Read(file.FilePath, name, new TensorEntry(tensor.Type, tensor.Shape), () => file.Read(tensor));

    /// <summary>
    /// The vectors in another type, each value rounded to nearest, ties to even. The caller disposes of the result.
    /// </summary>
    /// <exception cref="TextualInversionException">A value is too large for the type.</exception>
    public static Tensor As(Tensor rows, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var rounded = rows.to(type);
        if (ReferenceEquals(rounded, rows))
            return rows.alias().MoveToOuterDisposeScope();
        if (FiniteCheck.AllFinite(rounded))
            return rounded.MoveToOuterDisposeScope();
        throw new TextualInversionException(
            $"The embedding holds numbers that are too large for {type.ToString().ToLowerInvariant()}; choose "
                + $"bfloat16 or float32."
        );
    }
}
