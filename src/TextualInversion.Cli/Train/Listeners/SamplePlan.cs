using TextualInversion.Generation;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>The images that show how a training goes.</summary>
/// <param name="Every">steps between them</param>
/// <param name="Images">how each is painted, and from which noise</param>
internal sealed record SamplePlan(int Every, IReadOnlyList<(GenerationSettings Options, ulong Seed)> Images);
