using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Unets;

/// <summary>
/// The residual block of the U-Net and, without a time embedding, of the VAE (Ho et al. 2020, appendix B): x +
/// conv(silu(norm(conv(silu(norm(x))) + time))).
/// </summary>
internal sealed class ResnetBlock(
    Weights weights,
    long inputs,
    long outputs,
    long groups,
    double epsilon,
    long? timeWidth = null
)
{
    private readonly GroupNorm norm1 = new(weights / "norm1", groups, inputs, epsilon);
    private readonly Conv2d conv1 = new(weights / "conv1", inputs, outputs, kernel: 3, padding: 1);
    private readonly Linear? timeProjection = timeWidth is { } width
        ? new Linear(weights / "time_emb_proj", width, outputs)
        : null;
    private readonly GroupNorm norm2 = new(weights / "norm2", groups, outputs, epsilon);
    private readonly Conv2d conv2 = new(weights / "conv2", outputs, outputs, kernel: 3, padding: 1);
    private readonly Conv2d? shortcut =
        inputs == outputs ? null : new Conv2d(weights / "conv_shortcut", inputs, outputs, kernel: 1);

    /// <param name="x">(B, inputs, h, w).</param>
    /// <param name="time">(B, timeWidth), already through silu, since all blocks share it. Null in the VAE.</param>
    /// <returns>(B, outputs, h, w).</returns>
    public Tensor Forward(Tensor x, Tensor? time = null)
    {
        using var scope = NewDisposeScope();
        var hidden = Through(norm1, conv1, x);
        if (timeProjection is not null)
        {
            var shift = timeProjection.Forward(time!).unsqueeze(-1).unsqueeze(-1); // (B, C, 1, 1)
            hidden = hidden.Plus(shift); // (B, C, h, w)
        }

        hidden = Through(norm2, conv2, hidden);
        return (shortcut?.Forward(x) ?? x).Plus(hidden).MoveToOuterDisposeScope();
    }

    private static Tensor Through(GroupNorm norm, Conv2d conv, Tensor x)
    {
        using var active = Activate(norm, x);
        return conv.Forward(active);
    }

    // In the VAE these are the largest tensors: each is freed as soon as the next exists.
    private static Tensor Activate(GroupNorm norm, Tensor x)
    {
        using var normed = norm.Forward(x);
        return F.silu(normed);
    }
}
