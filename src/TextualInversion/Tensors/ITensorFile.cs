using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>The type and shape of a tensor, as a file describes them.</summary>
internal sealed record TensorEntry(ScalarType Type, long[] Shape);

/// <summary>Tensors by name, in one file or in several that belong together.</summary>
internal interface ITensorFile
{
    /// <summary>The path for messages.</summary>
    string FilePath { get; }

    IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>
    /// The tensor <paramref name="name"/> as it is stored, on the CPU. It stays valid after this object is gone; the
    /// caller disposes of it.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="kept">
    /// The mappings of tensors that are kept as they are stored, or null for one of this tensor alone.
    /// </param>
    /// <exception cref="TextualInversionException">There is no such tensor, or its bytes cannot be read.</exception>
    Tensor Read(string name, KeptMappings? kept = null);
}
