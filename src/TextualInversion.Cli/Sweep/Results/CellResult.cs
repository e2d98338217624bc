using System.Text.Json.Serialization;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.Cli.Sweep.Work;

namespace TextualInversion.Cli.Sweep.Results;

/// <summary>A cell with what it learned: a row of the report.</summary>
internal sealed record CellResult : IScoredCell
{
    public required string Name { get; init; }

    public required string Placeholder { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The values of the matrix, by option.</summary>
    public required IReadOnlyDictionary<string, string> Matrix { get; init; }

    public required CellState State { get; init; }

    /// <summary>
    /// The share by which the best validation loss is below that of an empty prompt, which can be compared between
    /// concepts; null without validation.
    /// </summary>
    public double? Score { get; init; }

    /// <summary>
    /// Image similarity to the training images by <c>ti eval</c>; null if the cell was not evaluated.
    /// </summary>
    public double? ImageSimilarity { get; init; }

    /// <summary>Similarity to the rest of the prompts; null if the cell was not evaluated.</summary>
    public double? TextSimilarity { get; init; }

    /// <summary>Image similarity by DINOv2; null if it was not measured.</summary>
    public double? DinoSimilarity { get; init; }

    public double? ValidationLoss { get; init; }

    public double? InitializerLoss { get; init; }

    public double? EmptyPromptLoss { get; init; }

    public int? BestStep { get; init; }

    public int? Steps { get; init; }

    public double? Seconds { get; init; }

    /// <summary>The absolute path of the embedding.</summary>
    public required string Embedding { get; init; }

    /// <summary>The absolute path of its run's folder.</summary>
    public required string Run { get; init; }

    public string? Problem { get; init; }

    /// <summary>What the run left, if the cell is done.</summary>
    [JsonIgnore]
    public RunLog? Log { get; init; }

    /// <summary>
    /// All cells of a sweep: those that are done by their image similarity or, if they were not evaluated, by their
    /// score, the best first, then the others.
    /// </summary>
    /// <exception cref="TextualInversionException">It is not the folder of a sweep, or a run is damaged.</exception>
    public static IReadOnlyList<CellResult> ReadAll(SweepFolder folder) =>
        [
            .. folder
                .ReadPlan()
                .Select(cell => Read(folder, cell))
                .OrderBy(cell => cell.State != CellState.Done)
                .ThenByScore(),
        ];

    private static CellResult Read(SweepFolder folder, SweepCell cell)
    {
        var status = CellStatus.Read(folder, cell);
        var log = status.State == CellState.Done ? RunLog.Read(folder.RunOf(cell.Name)) : null;
        var evaluation = CellEvaluation.Find(folder, cell);
        var (result, loss) = (log?.Record.Result, log?.Record.Result.Validation);
        return new CellResult
        {
            Name = cell.Name,
            Placeholder = cell.Placeholder,
            Seed = cell.Seed,
            Matrix = cell.Matrix,
            State = status.State,
            Score = status.Score,
            ImageSimilarity = evaluation?.ImageSimilarity,
            TextSimilarity = evaluation?.TextSimilarity,
            DinoSimilarity = evaluation?.DinoSimilarity,
            ValidationLoss = loss?.Best,
            InitializerLoss = loss?.Initial,
            EmptyPromptLoss = loss?.WithoutPrompts,
            BestStep = result?.BestStep,
            Steps = result?.Steps,
            Seconds = result?.Seconds,
            Embedding = status.Embedding,
            Run = status.Run,
            Problem = status.Problem,
            Log = log,
        };
    }
}
