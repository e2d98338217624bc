using System.Globalization;
using TextualInversion.Cli.Runs;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>Warns of a run that ended normally but learned nothing.</summary>
internal static class OutcomeWarning
{
    /// <summary>
    /// What to try if the embedding explains the images no better than no word at all; null if all is well.
    /// </summary>
    public static string? Of(ValidationSummary loss, int bestStep, TrainSetup setup)
    {
        if (ValidationWarning.SmallGain(loss) is not { } gain)
            return null;
        var comparison =
            gain <= 0
                ? "explains the images no better than an empty prompt"
                : string.Create(CultureInfo.InvariantCulture, $"is only {100 * gain:F1} % better than an empty prompt");
        var start =
            bestStep == 0
                ? "No step improved on the initializer: try another --initializer (or auto) and another "
                    + "--learning-rate."
                : "Try another --initializer (or auto), more --vectors, more --steps with a larger --patience, "
                    + "or another --learning-rate.";
        var model =
            setup.ModelName == ModelAccess.ModelLocator.Demo
                ? " The demo model only knows small drawings; photos need a Stable Diffusion model."
                : " See that the images show one thing clearly.";
        return $"{setup.Names} {comparison}. {start}{model}";
    }
}
