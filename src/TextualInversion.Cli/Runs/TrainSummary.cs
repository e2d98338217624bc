using System.Text.Json.Serialization;
using TextualInversion.Training;

namespace TextualInversion.Cli.Runs;

/// <summary>
/// The result of a training: the document of <c>ti train --json</c>, and <c>result</c> in <c>run.json</c>.
/// </summary>
internal sealed record TrainSummary
{
    public required string Embedding { get; init; }

    public required string Run { get; init; }

    public required string Placeholder { get; init; }

    public required int Vectors { get; init; }

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
