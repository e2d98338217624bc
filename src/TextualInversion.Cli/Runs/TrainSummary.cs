using System.Text.Json.Serialization;
using TextualInversion.Training;

namespace TextualInversion.Cli.Runs;

/// <summary>
/// The result of a training: the document of <c>ti train --json</c>, and <c>result</c> in <c>run.json</c>.
/// </summary>
internal sealed record TrainSummary
{
    /// <summary>The embedding file, or that of the first of several words.</summary>
    public required string Embedding { get; init; }

    public required string Run { get; init; }

    public required string Placeholder { get; init; }

    public required int Vectors { get; init; }

    /// <summary>Each word, if several were trained together. Null for one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<WordSummary>? Words { get; init; }

    /// <summary>The placeholder token of each word, for people.</summary>
    [JsonIgnore]
    public string Placeholders =>
        Words is null ? Placeholder : string.Join(", ", Words.Select(word => word.Placeholder));

    public required string Model { get; init; }

    public required ulong Seed { get; init; }

    public required int Steps { get; init; }

    public required bool StoppedEarly { get; init; }

    public required int BestStep { get; init; }

    public required double Loss { get; init; }

    public required ValidationSummary? Validation { get; init; }

    public required double StepMedianSeconds { get; init; }

    public required double Seconds { get; init; }

    public required long PeakMemoryBytes { get; init; }

    /// <summary>
    /// The run of each of several seeds; the other fields are those of the best. Null if there was one seed.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SeedSummary>? Seeds { get; init; }

    /// <summary>The same with absolute paths.</summary>
    public TrainSummary WithFullPaths() =>
        this with
        {
            Embedding = Path.GetFullPath(Embedding),
            Run = Path.GetFullPath(Run),
            Words = Words is null
                ? null
                : [.. Words.Select(word => word with { Embedding = Path.GetFullPath(word.Embedding) })],
            Seeds = Seeds is null
                ? null
                :
                [
                    .. Seeds.Select(seed =>
                        seed with
                        {
                            Embedding = Path.GetFullPath(seed.Embedding),
                            Run = Path.GetFullPath(seed.Run),
                        }
                    ),
                ],
        };
}

/// <summary>One of several words that were trained together.</summary>
/// <param name="Placeholder">The placeholder token.</param>
/// <param name="Embedding">The embedding file.</param>
/// <param name="Vectors">The number of vectors; those of the words follow each other.</param>
/// <param name="LearningRate">The peak learning rate.</param>
/// <param name="Initializer">What it started from.</param>
internal sealed record WordSummary(
    string Placeholder,
    string Embedding,
    int Vectors,
    double LearningRate,
    RunInitializer Initializer
);

/// <summary>The result of one of several seeds.</summary>
internal sealed record SeedSummary(
    ulong Seed,
    string Embedding,
    string Run,
    TrainingEnd End,
    int Steps,
    int BestStep,
    double Loss,
    ValidationSummary? Validation,
    double Seconds
);
