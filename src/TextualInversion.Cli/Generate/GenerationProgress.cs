namespace TextualInversion.Cli.Generate;

/// <summary>How far a plan is.</summary>
/// <param name="Done">The number of images that are finished.</param>
/// <param name="Together">The number of images that are being generated.</param>
/// <param name="Step">The number of calls of the model for these so far.</param>
/// <param name="Steps">The number of calls that each image needs.</param>
/// <param name="SmallerBatch">The number of images at once from now on, after memory ran out; else null.</param>
internal sealed record GenerationProgress(int Done, int Together, int Step, int Steps, int? SmallerBatch = null);
