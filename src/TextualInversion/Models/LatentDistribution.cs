using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>The Gaussian distribution of the scaled latents of B images, as the VAE gives it.</summary>
/// <param name="Mean">(B, 4, h, w).</param>
/// <param name="Std">(B, 4, h, w).</param>
internal sealed record LatentDistribution(Tensor Mean, Tensor Std) : IDisposable
{
    /// <param name="noise">Standard normal noise of the mean's shape.</param>
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
