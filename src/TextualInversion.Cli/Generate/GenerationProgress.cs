namespace TextualInversion.Cli.Generate;

/// <summary>How far a plan is.</summary>
/// <param name="Done">images that are finished</param>
/// <param name="Together">images that are being made</param>
/// <param name="Step">calls of the model for these so far</param>
/// <param name="Steps">calls that each needs</param>
/// <param name="SmallerBatch">where memory ran out, how many images there are at once from now on; else null</param>
internal sealed record GenerationProgress(int Done, int Together, int Step, int Steps, int? SmallerBatch = null);
