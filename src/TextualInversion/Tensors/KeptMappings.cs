using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>
/// One mapping of a file for all tensors of a type that are kept as they are stored. libtorch maps a file from its
/// start, so a mapping for each tensor of a U-Net takes 250 GB of addresses, which limits of the address space
/// (<c>ulimit -v</c>) and systems that do not overcommit memory refuse. Tensors stay valid after this is disposed of.
/// </summary>
internal sealed class KeptMappings : IDisposable
{
    private readonly Dictionary<(string Path, ScalarType Type), Tensor> mappings = [];

    /// <summary>All elements of a file, whose last bytes may be left out. They belong to this object.</summary>
    public Tensor Elements(string path, ScalarType type)
    {
        if (!mappings.TryGetValue((path, type), out var elements))
        {
            using var file = File.OpenHandle(path); // a FileInfo of a link has the length of the link
            var count = RandomAccess.GetLength(file) / type.ElementSize();
            elements = FileTensor.FromStart(path, count, type).DetachFromDisposeScope();
            mappings[(path, type)] = elements;
        }

        return elements;
    }

    public void Dispose()
    {
        foreach (var elements in mappings.Values)
            elements.Dispose();
        mappings.Clear();
    }
}
