using TextualInversion.Checkpoints;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models;

/// <summary>A timestep as sines and cosines of falling frequency (Vaswani et al. 2017, section 3.5), through a small network.</summary>
internal sealed class TimestepEmbedding
{
    private const double LongestPeriod = 10_000;

    private readonly UNetConfig config;
    private readonly Linear linear1, linear2;

    public TimestepEmbedding(Weights weights, UNetConfig config)
    {
        this.config = config;
        linear1 = new Linear(weights / "linear_1", config.BlockOutChannels[0], Width);
        linear2 = new Linear(weights / "linear_2", Width, Width);
    }

    public long Width => 4 * config.BlockOutChannels[0];

    /// <param name="timesteps">(B), in [0, 1000), not always whole</param>
    /// <param name="type">the type in which the network computes</param>
    /// <returns>(B, Width)</returns>
    public Tensor Forward(Tensor timesteps, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var half = config.BlockOutChannels[0] / 2;
        // In this order of operations: at large timesteps the sine shows the last bit of a frequency.
        var exponents = arange(half, dtype: ScalarType.Float32, device: timesteps.device) * -Math.Log(LongestPeriod) / (half - config.FreqShift);
        var angles = timesteps.to(ScalarType.Float32).unsqueeze(1) * exponents.exp(); // (B, 1) x (half)
        var waves = config.FlipSinToCos ? cat([angles.cos(), angles.sin()], dim: -1) : cat([angles.sin(), angles.cos()], dim: -1); // (B, 2 half)
        return linear2.Forward(F.silu(linear1.Forward(waves.to(type)))).MoveToOuterDisposeScope();
    }
}
