namespace TextualInversion;

/// <summary>How far an evaluation is.</summary>
/// <param name="Images">The number of images that are done.</param>
/// <param name="TotalImages">The number of all images.</param>
public sealed record EvaluateProgress(int Images, int TotalImages);
