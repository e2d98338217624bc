using System.Text.Json.Serialization;
using TextualInversion.Training;

namespace TextualInversion.Cli.Runs;

/// <summary>The document of <c>ti train --json</c>, and the result in <c>run.json</c>, as it is written and read again.</summary>
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

    /// <summary>Each of several seeds, of which the other fields are the chosen one's; not there where there was one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IEnumerable<object>? Seeds { get; init; }
}
