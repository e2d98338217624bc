using TextualInversion.Cli.ModelAccess;
using TextualInversion.Data;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static System.FormattableString;

namespace TextualInversion.Cli.Train;

/// <summary>The small model that ships with <c>ti</c> was trained on drawings and cannot learn photos.</summary>
internal static class DemoModelLimit
{
    // Measured: samples/ 0.10 to 0.16, their images one by one at most 0.24; photos from 0.33 (smooth and bright) to
    // 2.5 (dark).
    private const double MostRelativeLoss = 0.28;

    /// <summary>
    /// A warning if the images of a job, which are encoded, are of a kind that the demo model does not know. They are
    /// judged at the model's own resolution, whatever that of the training is.
    /// </summary>
    /// <param name="job">The training.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The warning, without a period; null for other models and for images that it knows.</returns>
    public static string? Warning(TrainingJob job, CancellationToken cancellationToken)
    {
        var (model, options) = (job.Model, job.Setup.Options);
        if (job.Setup.ModelName != ModelLocator.Demo)
            return null;
        using var own = options.Resolution == model.Network.Resolution ? null : Encode(job, cancellationToken);
        var concept = own is null ? job.Concept : job.Concept with { Images = own };
        var loss = Validator.LossWithoutPrompts(model.Network, model.Noise, options, concept);
        var relative = loss / GaussianLoss.Of(concept.Images, model.Noise);
        return relative > MostRelativeLoss
            ? Invariant($"the demo model cannot draw images like these (relative loss {relative:F2} with an empty ")
                + "prompt, where its own samples have 0.10 to 0.16): it only knows small drawings. Photos need a "
                + "Stable Diffusion model; leave --model out to use one"
            : null;
    }

    private static LatentDataset Encode(TrainingJob job, CancellationToken cancellationToken)
    {
        var (network, options) = (job.Model.Network, job.Setup.Options);
        var images = TrainingImageSet
            .Load(job.Request.Images, network.Resolution, options.Crop, options.Mask, cancellationToken)
            .Images;
        return new LatentDataset(network, images, options with { Flip = false }, cancellationToken);
    }
}
