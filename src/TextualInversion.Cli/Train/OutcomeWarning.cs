using System.Globalization;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>Warns of a run that ended normally but learned nothing.</summary>
internal static class OutcomeWarning
{
    private const double SmallestGain = 0.01; // of the loss with an empty prompt

    /// <summary>
    /// What to try if the embedding explains the images no better than no word at all, or the model cannot learn them;
    /// null if all is well.
    /// </summary>
    public static string? Of(ValidationSummary loss, int bestStep, TrainSetup setup)
    {
        if (DemoModelLimit.Warning(setup, loss.WithoutPrompts) is { } limit)
            return limit;
        if (loss.Best <= loss.WithoutPrompts * (1 - SmallestGain))
            return null;
        var gain = 100 * (1 - loss.Best / loss.WithoutPrompts);
        var comparison =
            gain <= 0
                ? "explains the images no better than an empty prompt"
                : string.Create(CultureInfo.InvariantCulture, $"is only {gain:F1} % better than an empty prompt");
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
        return $"{setup.Placeholder.Name} {comparison}. {start}{model}";
    }
}
