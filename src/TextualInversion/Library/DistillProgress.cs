namespace TextualInversion;

/// <summary>
/// How far a distillation is: first the model generates images, then the vectors are learned. Plain numbers, safe to
/// keep and to use on another thread.
/// </summary>
/// <param name="ImagesDone">The images that are generated.</param>
/// <param name="Images">All of them.</param>
/// <param name="Step">Steps done, 0 while images are generated.</param>
/// <param name="Steps">Steps of the whole distillation.</param>
/// <param name="Loss">The loss that was measured last, or null before the first step.</param>
public sealed record DistillProgress(int ImagesDone, int Images, int Step, int Steps, double? Loss);
