using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>What a file says of a tensor before any of it is read.</summary>
internal sealed record TensorEntry(ScalarType Type, long[] Shape);

/// <summary>Tensors by name, in one file or in several that belong together.</summary>
internal interface ITensorFile
{
    /// <summary>Which file errors are about.</summary>
    string FilePath { get; }

    IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>The tensor <paramref name="name"/> as it is stored, on the CPU. It stays valid after this object is gone; the caller disposes of it.</summary>
    /// <exception cref="TextualInversionException">There is no such tensor, or its bytes cannot be read.</exception>
    Tensor Read(string name);
}
