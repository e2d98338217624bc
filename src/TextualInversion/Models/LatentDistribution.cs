using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>The Gaussian that the VAE gives for images, of scaled latents.</summary>
/// <param name="Mean">(B, 4, h, w)</param>
/// <param name="Std">(B, 4, h, w)</param>
internal sealed record LatentDistribution(Tensor Mean, Tensor Std) : IDisposable
{
    /// <param name="noise">standard normal, of the mean's shape</param>
    public Tensor Sample(Tensor noise)
    {
        using var scope = NewDisposeScope();
        return Mean.Plus(Std * noise).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        Mean.Dispose();
        Std.Dispose();
    }
}
