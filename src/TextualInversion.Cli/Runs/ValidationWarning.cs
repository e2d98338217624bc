using TextualInversion.Training;
using static System.FormattableString;

namespace TextualInversion.Cli.Runs;

/// <summary>Says when an embedding explains its training images hardly better than an empty prompt.</summary>
internal static class ValidationWarning
{
    private const double LeastGain = 0.01;

    /// <summary>
    /// The share by which the best embedding's loss is below that of an empty prompt, if that is hardly any; otherwise
    /// null. See <see cref="ValidationSummary.RelativeLoss"/>.
    /// </summary>
    public static double? SmallGain(ValidationSummary loss) =>
        1 - loss.RelativeLoss is var gain && gain >= LeastGain ? null : gain;

    /// <returns>
    /// A sentence without a period; null if the validation loss is well below that of an empty prompt.
    /// </returns>
    public static string? Of(ValidationSummary loss)
    {
        if (SmallGain(loss) is not { } gain)
            return null;
        var difference = gain > 0 ? Invariant($"only {100 * gain:F1} % below") : "not below";
        return $"the best validation loss is {difference} that of an empty prompt; the embedding may not have learned "
            + "the images";
    }
}
