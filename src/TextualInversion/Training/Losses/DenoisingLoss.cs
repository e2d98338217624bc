using TextualInversion.Native;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Training.Losses;

/// <summary>The squared error of a prediction, as a mean over images.</summary>
internal static class DenoisingLoss
{
    /// <summary>
    /// With a mask each image's loss is sum(mask x error²) / sum(mask): a mean over what counts, so that a small thing
    /// has the say of a large one, losses with and without
    /// masks can be compared, and a white mask is no mask. (kohya's scripts take mean(mask x error²), which learns
    /// least from the image with the smallest thing.)
    /// </summary>
    /// <param name="prediction">(B, 4, h, w)</param>
    /// <param name="target">(B, 4, h, w)</param>
    /// <param name="mask">(B, h, w), in [0, 1], not all zero in any image; null where everything counts</param>
    /// <param name="weights">B; null where all images weigh the same</param>
    public static Tensor Of(Tensor prediction, Tensor target, Tensor? mask, float[]? weights)
    {
        if (mask is null && weights is null)
            return F.mse_loss(prediction, target);
        using var scope = NewDisposeScope();
        var errors = (prediction - target).Squared();
        // (B)
        var each = mask is null ? errors.mean([1, 2, 3]) : (errors.mean([1]) * mask).sum([1, 2]) / mask.sum([1, 2]);
        if (weights is not null)
            each = each * tensor(weights, device: each.device);
        return each.mean().MoveToOuterDisposeScope();
    }
}
