using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training.Stopping;

/// <summary>
/// The loss of the best model that knows nothing of an image but the mean and the variance of its latents. A loss
/// relative to it can be compared between bright and dark, plain and colorful images.
/// </summary>
internal static class GaussianLoss
{
    // An image of one color has a variance of about 0, and nothing to learn.
    private const double LeastVariance = 1e-4;

    /// <summary>The mean over the images to train on and over all timesteps.</summary>
    /// <param name="images">The images as latents.</param>
    /// <param name="schedule">The noise schedule of a model that predicts the noise.</param>
    public static double Of(LatentDataset images, NoiseSchedule schedule) =>
        images.Learned.Average(image => Of(Variance(images, image), schedule));

    /// <summary>
    /// For latents of variance v, the best prediction of the noise has the error a v / (a v + 1 - a), where a is
    /// alphas_cumprod.
    /// </summary>
    internal static double Of(double variance, NoiseSchedule schedule) =>
        schedule.AlphasCumprod.Average(alpha => alpha * variance / (alpha * variance + 1 - alpha));

    /// <summary>The mean of the channels' variances over the pixels that count.</summary>
    private static double Variance(LatentDataset images, int image)
    {
        using var scope = NewDisposeScope();
        var noise = zeros(images.Shape(image, batch: 1), device: images.Device);
        var latents = images.Sample([image], [false], noise); // (1, 4, h, w)
        var mask = images.Masks([image], [false])?.unsqueeze(1) ?? ones_like(latents); // (1, 1 or 4, h, w)
        var weights = mask / mask.mean();
        var mean = (latents * weights).mean([2, 3], keepdim: true); // (1, 4, 1, 1)
        var squared = (latents - mean).Squared() * weights;
        return Math.Max(squared.mean().item<float>(), LeastVariance);
    }
}
