using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Training.Losses;

/// <summary>The loss of a prediction, as a mean over images.</summary>
/// <param name="Type">How the error of a value counts.</param>
/// <param name="HuberC">For <see cref="LossType.Huber"/>: the error from which it counts linearly, above 0.</param>
internal sealed record DenoisingLoss(LossType Type, double HuberC)
{
    /// <summary>The squared error, for losses that are compared with each other.</summary>
    public static DenoisingLoss Squared { get; } = new(LossType.L2, HuberC: 1);

    /// <summary>The mean over the images of a batch, each weighted.</summary>
    /// <param name="prediction">(B, 4, h, w).</param>
    /// <param name="target">(B, 4, h, w).</param>
    /// <param name="mask">See <see cref="EachOf"/>.</param>
    /// <param name="weights">B weights, or null if all images count alike.</param>
    public Tensor Of(Tensor prediction, Tensor target, Tensor? mask, float[]? weights)
    {
        if (Type == LossType.L2 && mask is null && weights is null)
            return F.mse_loss(prediction, target);
        using var scope = NewDisposeScope();
        var each = EachOf(prediction, target, mask);
        if (weights is not null)
            each = each * tensor(weights, device: each.device);
        return each.mean().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The loss of each image, (B). With a mask it is sum(mask x loss) / sum(mask), a mean over what counts: a small
    /// thing has the same influence as a large one, losses with and without masks can be compared, and a white mask is
    /// the same as no mask. (kohya's scripts take mean(mask x loss), which learns least from the image with the
    /// smallest thing.)
    /// </summary>
    /// <param name="prediction">(B, 4, h, w).</param>
    /// <param name="target">(B, 4, h, w).</param>
    /// <param name="mask">(B, h, w), from 0 to 1, not all zero in any image; or null if everything counts.</param>
    public Tensor EachOf(Tensor prediction, Tensor target, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var losses = OfValues((prediction - target).Squared());
        var each = mask is null ? losses.mean([1, 2, 3]) : (losses.mean([1]) * mask).sum([1, 2]) / mask.sum([1, 2]);
        return each.MoveToOuterDisposeScope();
    }

    /// <summary>The loss of each value, (B, 4, h, w).</summary>
    /// <param name="squared">The squared errors, (B, 4, h, w).</param>
    private Tensor OfValues(Tensor squared) =>
        Type switch
        {
            LossType.L2 => squared,
            LossType.Huber => Huber(squared),
            _ => throw new ArgumentOutOfRangeException(nameof(squared)),
        };

    /// <summary>2c (sqrt(error² + c²) - c), in a form in which small errors do not cancel out.</summary>
    private Tensor Huber(Tensor squared)
    {
        using var scope = NewDisposeScope();
        var root = squared.Plus(HuberC * HuberC).sqrt();
        return (squared.Times(2 * HuberC) / root.Plus(HuberC)).MoveToOuterDisposeScope();
    }
}
