using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Describe;

/// <summary>The document of <c>ti describe --json</c>.</summary>
internal sealed record DescribeResult
{
    /// <param name="model">The model as it is recorded.</param>
    /// <param name="found">The phrase.</param>
    /// <param name="images">The paths of the images.</param>
    public DescribeResult(string model, FoundPhrase found, IEnumerable<string> images)
    {
        (Model, Phrase, RelativeLoss) = (model, found.Words, found.RelativeLoss);
        (Stages, RunnersUp) = (found.Stages, found.RunnersUp);
        Images = [.. images.Select(Path.GetFullPath)];
    }

    public string Model { get; }

    public string Phrase { get; }

    /// <inheritdoc cref="FoundPhrase"/>
    public double RelativeLoss { get; }

    public IReadOnlyList<RankedPhrase> Stages { get; }

    public IReadOnlyList<RankedPhrase> RunnersUp { get; }

    public IReadOnlyList<string> Images { get; }
}
