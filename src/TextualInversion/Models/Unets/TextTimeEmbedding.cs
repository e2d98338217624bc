using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>
/// The embedding that Stable Diffusion XL adds to that of the timestep: the pooled text and the sinusoidal embeddings
/// of the image's size and crop, through two linear layers (Podell et al. 2023, section 2.2).
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

    /// <param name="added">The conditioning of B images.</param>
    /// <param name="type">The type in which the network computes.</param>
    /// <returns>(B, timeWidth).</returns>
    public Tensor Forward(AddedConditioning added, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var width = config.AdditionTimeEmbedDim!.Value;
        var sizes = TimestepEmbedding.SinusoidalEmbedding(added.TimeIds.reshape(-1), width, config); // (6 B, width)
        var both = cat([added.PooledText, sizes.reshape(added.TimeIds.shape[0], -1)], dim: -1); // (B, P + 6 width)
        return linear2.Forward(F.silu(linear1.Forward(both.to(type)))).MoveToOuterDisposeScope();
    }
}
