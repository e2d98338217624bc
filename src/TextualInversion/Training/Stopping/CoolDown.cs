namespace TextualInversion.Training.Stopping;

/// <summary>
/// The last part of a run whose validation loss no longer improves: the learning rate falls to zero, then the run ends.
/// A run that stopped at a high rate would lose the part of the schedule that gains most (Hägele et al. 2024,
/// https://arxiv.org/abs/2405.18392, section 3: a cool-down of a fifth of the steps suffices).
/// </summary>
/// <param name="Start">The number of steps done when the plateau was found.</param>
/// <param name="Length">The number of steps that follow, at least 1.</param>
internal readonly record struct CoolDown(int Start, int Length)
{
    private const int ShareOfSteps = 5;

    /// <summary>The number of steps after which the run ends.</summary>
    public int End => Start + Length;

    /// <summary>
    /// The cool-down of a run, or null as long as it improves. It begins when the last <paramref name="patience"/>
    /// validations all failed to be the best so far. The one before the first step counts like any other.
    /// </summary>
    /// <param name="points">In the order of their steps.</param>
    /// <param name="patience">0 to never stop.</param>
    /// <param name="start">The step from which on validations count. It is above 0 for a run that was over and was
    /// extended.</param>
    public static CoolDown? Find(IReadOnlyList<Validation> points, int patience, int start = 0)
    {
        if (patience == 0)
            return null;
        var (best, withoutGain) = (double.PositiveInfinity, 0);
        foreach (var point in points)
        {
            var isBest = point.RelativeLoss < best;
            if (isBest)
                best = point.RelativeLoss;
            withoutGain = isBest || point.Step <= start ? 0 : withoutGain + 1;
            if (withoutGain == patience)
                return new CoolDown(point.Step, Math.Max(1, (point.Step - start) / ShareOfSteps));
        }

        return null;
    }

    /// <summary>The share of the learning rate at a step, from 1 at the start to 0 at the end.</summary>
    /// <param name="step">Counted from 0.</param>
    public double Share(int step) => Math.Clamp((double)(End - step) / Length, 0, 1);
}
