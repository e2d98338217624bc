using System.Text.Json.Serialization;

namespace TextualInversion.Cli.Sweep.Plan;

/// <summary>One training of a sweep: a concept with a seed and one value of each option of the matrix.</summary>
internal sealed record SweepCell
{
    /// <summary>The name of its files, which no other cell has.</summary>
    public required string Name { get; init; }

    /// <summary>The placeholder token, such as &lt;my-cat&gt;.</summary>
    public required string Placeholder { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The values of the matrix, by option; see <see cref="MatrixAxis"/>.</summary>
    public required IReadOnlyDictionary<string, string> Matrix { get; init; }

    /// <summary>Everything that was written about it, by option.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Settings { get; init; }

    /// <summary>The options with which <c>ti eval</c> scores it, or null if it is not evaluated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Evaluation { get; init; }

    /// <summary>The arguments of <c>ti train</c>, without those for the output and the device.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Arguments { get; init; } = [];
}
