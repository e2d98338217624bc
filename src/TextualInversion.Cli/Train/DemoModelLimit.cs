using TextualInversion.Cli.ModelAccess;
using TextualInversion.Training.Stopping;
using static System.FormattableString;

namespace TextualInversion.Cli.Train;

/// <summary>The small model that ships with <c>ti</c> was trained on drawings and cannot learn photos.</summary>
internal static class DemoModelLimit
{
    // Measured with empty prompts at the model's own resolution: samples/ 0.031 to 0.045, their images one by one at
    // most 0.072; most photos 0.093 to 0.18, dark and plain ones less.
    private const double MostLoss = 0.085;

    private const int Resolution = 128;

    /// <summary>A warning if the images of a job are of a kind that the demo model does not know.</summary>
    /// <returns>The warning, without a period; null for other models and for images that it knows.</returns>
    public static string? Warning(TrainingJob job)
    {
        var setup = job.Setup;
        return IsMeasured(setup)
            ? Warning(
                setup,
                Validator.LossWithoutPrompts(job.Model.Network, job.Model.Noise, setup.Options, job.Concept)
            )
            : null;
    }

    /// <summary>The same of a run that measured the loss.</summary>
    /// <param name="setup">What is trained.</param>
    /// <param name="loss">The validation loss with empty prompts.</param>
    public static string? Warning(TrainSetup setup, double loss) =>
        IsMeasured(setup) && loss > MostLoss
            ? Invariant(
                $"the demo model cannot draw images like these (loss {loss:F3} with an empty prompt, where its "
            )
                + "own samples have about 0.04): it only knows small drawings. Photos need a Stable Diffusion model; "
                + "leave --model out to use one"
            : null;

    private static bool IsMeasured(TrainSetup setup) =>
        setup.ModelName == ModelLocator.Demo && setup.Options is { Resolution: Resolution, Mask: null };
}
