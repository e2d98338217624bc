using System.Text.Json;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Sweep.Plan;
using TextualInversion.IO;
using TextualInversion.Training.RunFiles;

namespace TextualInversion.Cli.Sweep.Work;

/// <summary>
/// The folder of a sweep: <c>sweep.json</c> with its cells, an embedding and a run for each of them as <c>ti train</c>
/// writes them, and in <c>errors/</c> the problems of those that failed.
/// </summary>
/// <param name="path">The folder, which need not exist.</param>
internal sealed class SweepFolder(string path)
{
    private const string PlanName = "sweep.json";

    public string FolderPath => path;

    /// <summary>The folder in which workers claim cells, see <see cref="ClaimBoard"/>.</summary>
    public string ClaimsPath => Path.Combine(path, "claims");

    /// <summary>See <see cref="SweepCell"/>.</summary>
    public string PlanPath => Path.Combine(path, PlanName);

    public string RunOf(string cell) => Path.Combine(path, "runs", cell);

    public string EmbeddingOf(string cell) => Path.Combine(path, EmbeddingSet.Folder, cell + ".safetensors");

    /// <summary>The cells of the sweep.</summary>
    /// <exception cref="TextualInversionException">It is not the folder of a sweep, or cannot be read.</exception>
    public IReadOnlyList<SweepCell> ReadPlan()
    {
        try
        {
            return JsonOutput.Deserialize<IReadOnlyList<SweepCell>>(File.ReadAllText(PlanPath));
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{PlanPath}: {error.Message}; restore it from a copy.", error);
        }
        catch (Exception error) when (IoErrors.IsMissing(error))
        {
            throw new TextualInversionException(
                $"{path}: is not the folder of a sweep (it has no {PlanName}); name the one that ti sweep writes to.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(PlanPath, error);
        }
    }

    /// <summary>
    /// Writes the plan. Cells may be added to a sweep that was begun, but those that it has must be the same.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// A cell has other settings than before, there are files that are not of this sweep, or the folder cannot be
    /// written to.
    /// </exception>
    public void WritePlan(IReadOnlyList<SweepCell> cells)
    {
        AtomicFile.RequireWritable(path);
        var known = File.Exists(PlanPath) ? ReadPlan() : [];
        if (Added(cells, known).Any(cell => HasFiles(cell.Name)) && File.Exists(PlanPath))
            known = ReadPlan(); // another worker may have written it, and begun, since
        RefuseChanges(cells, known);
        var added = Added(cells, known).ToList();
        if (added.Find(cell => HasFiles(cell.Name)) is { } foreign)
            throw new TextualInversionException(
                $"{RunOf(foreign.Name)} or {EmbeddingOf(foreign.Name)} exists and is not of this sweep; choose another "
                    + "--output, or move it away."
            );
        var kept = Added(known, cells).Where(cell => HasFiles(cell.Name)).ToList();
        if (added.Count > 0 || known.Count != cells.Count + kept.Count || HasOtherEvaluations(cells, known))
            AtomicFile.WriteText(PlanPath, overwrite: true, JsonOutput.Serialize(cells.Concat(kept).ToList()) + "\n");
    }

    /// <summary>The scores of a cell that was evaluated.</summary>
    public string EvaluationOf(string cell) => Path.Combine(path, "evaluations", cell + ".json");

    /// <summary>How far a cell is: it is done when it is trained and, if the sweep asks for it, evaluated.</summary>
    public CellState StateOf(SweepCell cell)
    {
        var state = StateOf(cell.Name);
        if (state is not CellState.Done || cell.Evaluation is null || CellEvaluation.Find(this, cell) is not null)
            return state;
        return File.Exists(ErrorPath(cell.Name)) ? CellState.Failed : CellState.Started;
    }

    /// <summary>How far the training of a cell is.</summary>
    public CellState StateOf(string cell)
    {
        var run = RunOf(cell);
        if (EndOf(run) is { } end && end is not TrainingEnd.Cancelled)
            return end == TrainingEnd.Diverged ? CellState.Failed : CellState.Done;
        if (File.Exists(ErrorPath(cell)))
            return CellState.Failed;
        return File.Exists(RunFolder.StateIn(run)) ? CellState.Started : CellState.Waiting;
    }

    /// <summary>Whether a training of a cell can be resumed.</summary>
    public bool HasState(string cell) => File.Exists(RunFolder.StateIn(RunOf(cell)));

    /// <summary>The problem of a cell that failed, or null.</summary>
    public string? ErrorOf(string cell)
    {
        try
        {
            return File.ReadAllText(ErrorPath(cell)).Trim();
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return null;
        }
    }

    /// <summary>Writes down why a cell failed, as far as the disk allows.</summary>
    public void SetError(string cell, string problem)
    {
        try
        {
            AtomicFile.WriteText(ErrorPath(cell), overwrite: true, problem + "\n");
        }
        catch (TextualInversionException)
        {
            // A full disk may be the problem itself. The worker has it in its summary.
        }
    }

    public void ClearError(string cell)
    {
        if (File.Exists(ErrorPath(cell)))
            File.Delete(ErrorPath(cell));
    }

    private string ErrorPath(string cell) => Path.Combine(path, "errors", cell + ".txt");

    private bool HasFiles(string cell) => File.Exists(EmbeddingOf(cell)) || RunFolder.HasFiles(RunOf(cell));

    private static IEnumerable<SweepCell> Added(IEnumerable<SweepCell> cells, IReadOnlyList<SweepCell> known)
    {
        var names = known.Select(cell => cell.Name).ToHashSet();
        return cells.Where(cell => !names.Contains(cell.Name));
    }

    private static bool HasOtherEvaluations(IReadOnlyList<SweepCell> cells, IReadOnlyList<SweepCell> known)
    {
        var before = known.ToDictionary(cell => cell.Name, cell => cell.Evaluation);
        return cells.Any(cell =>
            before.TryGetValue(cell.Name, out var then)
            && (then is null != cell.Evaluation is null || !(then ?? []).SequenceEqual(cell.Evaluation ?? []))
        );
    }

    private void RefuseChanges(IReadOnlyList<SweepCell> cells, IReadOnlyList<SweepCell> known)
    {
        var before = known.ToDictionary(cell => cell.Name);
        foreach (var cell in cells.Where(cell => before.ContainsKey(cell.Name)))
        {
            var (then, now) = (Values(before[cell.Name]), Values(cell));
            foreach (var option in then.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
            {
                var (old, given) = (then.GetValueOrDefault(option, "none"), now.GetValueOrDefault(option, "none"));
                if (old != given)
                    throw new TextualInversionException(
                        $"{path}: {cell.Name} was begun with {option} {old}, and now it is {given}; choose another "
                            + "--output, or restore the value."
                    );
            }
        }
    }

    private static Dictionary<string, string> Values(SweepCell cell) =>
        cell
            .Settings.Select(pair => KeyValuePair.Create(pair.Key, string.Join(' ', pair.Value)))
            .Append(new("token", cell.Placeholder))
            .Append(new("seed", $"{cell.Seed}"))
            .ToDictionary();

    /// <summary>
    /// The share by which the best validation loss of a cell is below that of an empty prompt; null without validation.
    /// </summary>
    public double? ScoreOf(string cell) =>
        ReadRecord(
            RunOf(cell),
            record =>
                Property(Property(Property(record, "result"), "validation"), "relativeLoss")
                    is { ValueKind: JsonValueKind.Number } loss
                    ? 1 - loss.GetDouble()
                    : (double?)null
        );

    /// <summary>How a run ended; null if it has not, or the end of its record cannot be read.</summary>
    private static TrainingEnd? EndOf(string run) =>
        ReadRecord(
            run,
            record =>
                File.Exists(RunFolder.ReportIn(run)) // which is written last
                && Property(record, "end") is { ValueKind: JsonValueKind.String } name
                && Enum.TryParse<TrainingEnd>(name.GetString(), ignoreCase: true, out var end)
                    ? end
                    : (TrainingEnd?)null
        );

    /// <summary>Reads a part of a run's record; the default if it cannot be read.</summary>
    private static T? ReadRecord<T>(string run, Func<JsonElement?, T> read)
    {
        try
        {
            using var stream = File.OpenRead(RunFolder.RecordIn(run));
            using var record = JsonDocument.Parse(stream);
            return read(record.RootElement);
        }
        catch (Exception error) when (error is JsonException || IoErrors.IsFileError(error))
        {
            return default;
        }
    }

    private static JsonElement? Property(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } holder && holder.TryGetProperty(name, out var value)
            ? value
            : null;
}
