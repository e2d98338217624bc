using TextualInversion.Generation;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>The images that are generated during training.</summary>
/// <param name="Every">Steps between them.</param>
/// <param name="Images">The options and the seed of each image.</param>
internal sealed record SamplePlan(int Every, IReadOnlyList<(GenerationSettings Options, ulong Seed)> Images);
