using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Training.Losses;

/// <summary>The squared error of a prediction, as a mean over images.</summary>
internal static class DenoisingLoss
{
    /// <summary>The mean over the images of a batch, each weighted.</summary>
    /// <param name="prediction">(B, 4, h, w).</param>
    /// <param name="target">(B, 4, h, w).</param>
    /// <param name="mask">See <see cref="EachOf"/>.</param>
    /// <param name="weights">B weights, or null if all images count alike.</param>
    public static Tensor Of(Tensor prediction, Tensor target, Tensor? mask, float[]? weights)
    {
        if (mask is null && weights is null)
            return F.mse_loss(prediction, target);
        using var scope = NewDisposeScope();
        var each = EachOf(prediction, target, mask);
        if (weights is not null)
            each = each * tensor(weights, device: each.device);
        return each.mean().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The loss of each image, (B). With a mask it is sum(mask x error²) / sum(mask), a mean over what counts: a small
    /// thing has the same influence as a large one, losses with and without masks can be compared, and a white mask is
    /// the same as no mask. (kohya's scripts take mean(mask x error²), which learns least from the image with the
    /// smallest thing.)
    /// </summary>
    /// <param name="prediction">(B, 4, h, w).</param>
    /// <param name="target">(B, 4, h, w).</param>
    /// <param name="mask">(B, h, w), from 0 to 1, not all zero in any image; or null if everything counts.</param>
    public static Tensor EachOf(Tensor prediction, Tensor target, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var errors = (prediction - target).Squared();
        var each = mask is null ? errors.mean([1, 2, 3]) : (errors.mean([1]) * mask).sum([1, 2]) / mask.sum([1, 2]);
        return each.MoveToOuterDisposeScope();
    }
}
