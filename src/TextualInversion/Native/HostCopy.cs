using static TorchSharp.torch;

namespace TextualInversion.Native;

/// <summary>
/// The one way in which values of a model's tensors come from the device to the program. On a GPU each copy waits for
/// everything that was computed before, so a training step reads all that it needs at once.
/// </summary>
internal static class HostCopy
{
    /// <summary>A contiguous copy on the CPU, without a gradient. A tensor that is there already may be returned as an
    /// alias.</summary>
    public static Tensor Of(Tensor x)
    {
        using var scope = NewDisposeScope();
        return x.detach().to(CPU).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>The values of a tensor of any float type, in order.</summary>
    public static float[] Floats(Tensor x)
    {
        using var scope = NewDisposeScope();
        return Of(x.to(ScalarType.Float32)).data<float>().ToArray();
    }

    /// <summary>The values of several scalars, in one copy.</summary>
    public static float[] Scalars(IEnumerable<Tensor> scalars)
    {
        using var scope = NewDisposeScope();
        return Floats(stack([.. scalars.Select(scalar => scalar.detach().to(ScalarType.Float32))]));
    }

    /// <summary>Several tensors, (n, d) each, in one copy.</summary>
    public static IReadOnlyList<Tensor> OfEach(IReadOnlyList<Tensor> tensors)
    {
        using var scope = NewDisposeScope();
        var flat = Of(cat([.. tensors.Select(each => each.detach().reshape(-1))], dim: 0)); // (sum of n d)
        if (tensors.Count == 1)
            flat = flat.clone(); // TorchSharp's cat of one tensor is the tensor itself
        var (copies, start) = (new List<Tensor>(), 0L);
        foreach (var each in tensors)
        {
            copies.Add(flat.narrow(0, start, each.numel()).view(each.shape).MoveToOuterDisposeScope()); // (n, d)
            start += each.numel();
        }

        return copies;
    }
}
