using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>
/// The sinusoidal embedding of a timestep (Vaswani et al. 2017, section 3.5), through two linear layers.
/// </summary>
internal sealed class TimestepEmbedding
{
    private const double LongestPeriod = 10_000;

    private readonly UNetConfig config;
    private readonly Linear linear1,
        linear2;

    public TimestepEmbedding(Weights weights, UNetConfig config)
    {
        this.config = config;
        linear1 = new Linear(weights / "linear_1", config.BlockOutChannels[0], Width);
        linear2 = new Linear(weights / "linear_2", Width, Width);
    }

    public long Width => 4 * config.BlockOutChannels[0];

    /// <param name="timesteps">(B) in [0, 1000), not always whole.</param>
    /// <param name="type">The type in which the network computes.</param>
    /// <returns>(B, Width).</returns>
    public Tensor Forward(Tensor timesteps, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var sinusoids = SinusoidalEmbedding(timesteps, config.BlockOutChannels[0], config); // (B, C)
        return linear2.Forward(F.silu(linear1.Forward(sinusoids.to(type)))).MoveToOuterDisposeScope();
    }

    /// <summary>Sines and cosines of each value at geometrically falling frequencies, in float32.</summary>
    /// <param name="values">(N).</param>
    /// <param name="width">The width of the result, even.</param>
    /// <param name="config">Gives the order of sines and cosines, and the shift of the frequencies.</param>
    /// <returns>(N, width).</returns>
    internal static Tensor SinusoidalEmbedding(Tensor values, int width, UNetConfig config)
    {
        using var scope = NewDisposeScope();
        var half = width / 2;
        // In this order of operations: at large timesteps the sine shows the last bit of a frequency.
        var exponents = TensorArithmetic
            .Range(half, values.device)
            .Times(-Math.Log(LongestPeriod))
            .DividedBy(half - config.FreqShift);
        var angles = values.to(ScalarType.Float32).unsqueeze(1) * exponents.exp(); // (N, 1) x (half)
        Tensor[] parts = config.FlipSinToCos ? [angles.cos(), angles.sin()] : [angles.sin(), angles.cos()];
        return cat(parts, dim: -1).MoveToOuterDisposeScope(); // (N, 2 half)
    }
}
