using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>The noise that stochastic samplers add.</summary>
internal static class FreshNoise
{
    /// <summary>
    /// Standard normal noise of a sample's shape (B, C, h, w), drawn on the CPU so that a seed gives the same noise on
    /// every device.
    /// </summary>
    /// <exception cref="ArgumentNullException">The generator is missing.</exception>
    public static Tensor Like(Tensor sample, Generator? generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        return randn(sample.shape, generator: generator).to(sample.device);
    }
}
