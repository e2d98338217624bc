using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>
/// What Stable Diffusion XL adds to the timestep: the pooled text and, as sines and cosines, the image's size and crop
/// (Podell et al. 2023, section 2.2), through a small network.
/// </summary>
internal sealed class TextTimeEmbedding
{
    private readonly UNetConfig config;
    private readonly Linear linear1,
        linear2;

    public TextTimeEmbedding(Weights weights, UNetConfig config, long timeWidth)
    {
        this.config = config;
        linear1 = new Linear(weights / "linear_1", config.ProjectionClassEmbeddingsInputDim!.Value, timeWidth);
        linear2 = new Linear(weights / "linear_2", timeWidth, timeWidth);
    }

    /// <param name="added">of B images</param>
    /// <param name="type">the type in which the network computes</param>
    /// <returns>(B, timeWidth)</returns>
    public Tensor Forward(AddedConditioning added, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var waves = TimestepEmbedding.Waves(added.TimeIds.reshape(-1), config.AdditionTimeEmbedDim!.Value, config); // (6 B, width)
        var both = cat([added.PooledText, waves.reshape(added.TimeIds.shape[0], -1)], dim: -1); // (B, P + 6 width)
        return linear2.Forward(F.silu(linear1.Forward(both.to(type)))).MoveToOuterDisposeScope();
    }
}
