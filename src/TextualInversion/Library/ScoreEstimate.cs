namespace TextualInversion;

/// <summary>The mean of a score over the seeds, and its uncertainty.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="StandardError">The standard error of the mean: how much other seeds would change it.</param>
public readonly record struct ScoreEstimate(double Mean, double StandardError);
