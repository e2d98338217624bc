using static TorchSharp.torch;

namespace TextualInversion.Models.Layers;

/// <summary>Weights that may be stored in fewer bits than a layer computes in.</summary>
internal static class StoredWeight
{
    /// <summary>
    /// Computes with a weight. If it is stored in another type it is converted, and the copy lives as long as the
    /// backward pass needs it.
    /// </summary>
    /// <param name="stored">The weight.</param>
    /// <param name="type">The type to compute in.</param>
    /// <param name="layer">Gives the result for the weight in that type.</param>
    public static Tensor Use(Tensor stored, ScalarType type, Func<Tensor, Tensor> layer)
    {
        if (stored.dtype == type)
            return layer(stored);
        using var converted = stored.to(type);
        return layer(converted);
    }
}
