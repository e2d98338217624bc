using System.Globalization;
using System.Text.Json;
using TextualInversion.IO;
using TextualInversion.Tensors;
using TextualInversion.Training.RunFiles;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// <c>state.safetensors</c>: everything needed to resume a run as if it had not been interrupted. Random numbers depend
/// on the seed and the step alone, so a few kilobytes are enough: the vectors, the optimizer's moments, the best
/// embedding, and the losses so far.
/// </summary>
internal sealed class TrainState : IDisposable
{
    private const int ValidationColumns = 4; // step, loss, relative loss, loss of the held-out image

    /// <summary>The number of steps taken.</summary>
    public required int Step { get; init; }

    /// <summary>
    /// The tensors that a learner needs to resume, by name, and the best rows. See <see cref="StateNames"/>.
    /// </summary>
    public required IReadOnlyDictionary<string, Tensor> Tensors { get; init; }

    /// <summary>(n, d) for each text encoder: the embedding after <see cref="Step"/> steps.</summary>
    public IReadOnlyList<Tensor> Rows =>
        OfEachEncoder(StateNames.Average) is { Count: > 0 } average ? average : OfEachEncoder(StateNames.Rows);

    /// <summary>
    /// (n, d) for each text encoder: the best embedding by validation, empty before the first validation.
    /// </summary>
    public IReadOnlyList<Tensor> BestRows => OfEachEncoder(StateNames.Best);

    /// <summary>The training loss of each step.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    public required IReadOnlyList<Validation> Validations { get; init; }

    /// <summary>
    /// The step after which early stopping counts validations: 0, or the last step of a finished run that was extended.
    /// See <see cref="CoolDown"/>.
    /// </summary>
    public int PatienceStart { get; init; }

    /// <summary>The SHA-256 of each network's values, by the network's name.</summary>
    public required IReadOnlyDictionary<string, string> Weights { get; init; }

    /// <summary>Everything else that determines the result, by name: options, images, prompts.</summary>
    public IReadOnlyDictionary<string, string> Identity { get; init; } = new Dictionary<string, string>();

    /// <summary>The command-line arguments that started the run.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>
    /// The state from which a longer run continues. Its patience starts anew. The tensors are shared, not copied.
    /// </summary>
    public TrainState Extended() =>
        new()
        {
            Step = Step,
            Tensors = Tensors,
            Losses = Losses,
            Validations = Validations,
            PatienceStart = Step,
            Weights = Weights,
            Identity = Identity,
            Command = Command,
        };

    /// <param name="path">The file to write. An existing one is replaced.</param>
    /// <param name="identity">See <see cref="Identity"/>.</param>
    /// <param name="command">See <see cref="Command"/>.</param>
    /// <exception cref="TextualInversionException">
    /// The file cannot be written. An earlier file is unchanged.
    /// </exception>
    public void Write(string path, IReadOnlyDictionary<string, string> identity, IReadOnlyList<string> command)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(Tensors);
        // Not every reader of the format accepts empty tensors.
        if (Losses.Count > 0)
            tensors[StateNames.Losses] = tensor(Losses.ToArray());
        if (Validations.Count > 0)
            tensors[StateNames.Validations] = tensor(Validations.SelectMany(Columns).ToArray())
                .view(-1, ValidationColumns); // (k, 3)
        var metadata = new Dictionary<string, string>
        {
            [StateNames.Step] = Step.ToString(CultureInfo.InvariantCulture),
            [StateNames.PatienceStart] = PatienceStart.ToString(CultureInfo.InvariantCulture),
            [StateNames.Identity] = JsonSerializer.Serialize(identity),
            [StateNames.Weights] = JsonSerializer.Serialize(Weights),
            [StateNames.Command] = JsonSerializer.Serialize(command),
        };
        SafetensorsFile.Write(path, tensors, metadata, overwrite: true);
    }

    /// <exception cref="TextualInversionException">
    /// The file is missing, truncated or damaged; the message names what is wrong in it.
    /// </exception>
    public static TrainState Read(string path)
    {
        if (!File.Exists(path))
            throw new TextualInversionException($"{path}: is missing, so there is nothing to resume; {Remedy(path)}.");
        var file = SafetensorsFile.Open(path);
        try
        {
            return Read(file);
        }
        catch (JsonException error)
        {
            throw new TextualInversionException(
                $"{path}: is not a run's state ({error.Message}); start a new run.",
                error
            );
        }
    }

    /// <summary>Refuses to resume with other options, images or prompts than the run started with.</summary>
    /// <param name="identity">See <see cref="Identity"/>.</param>
    /// <param name="except">A name that may differ, or null.</param>
    /// <exception cref="TextualInversionException">Something differs. The message names it.</exception>
    public void RequireSame(IReadOnlyDictionary<string, string> identity, string? except = null) =>
        RequireSame(Identity, identity, except);

    /// <summary>Refuses to resume with another model; see <see cref="Weights"/>.</summary>
    /// <exception cref="TextualInversionException">A network differs. The message names it.</exception>
    public void RequireSameWeights(IReadOnlyDictionary<string, string> weights) =>
        RequireSame(Named(Weights), Named(weights), except: null);

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
            tensor.Dispose();
    }

    /// <summary>What to do if there is no state at a path.</summary>
    private static string Remedy(string path) =>
        Path.GetDirectoryName(path) is { } folder
        && (File.Exists(RunFolder.MetricsIn(folder)) || File.Exists(RunFolder.FoundPhraseIn(folder)))
            ? "the run was interrupted before its first step was saved, so start it again"
            : "name the folder of a run, such as runs/my-cat";

    /// <exception cref="JsonException">The content is not as <see cref="Write"/> writes it.</exception>
    private static TrainState Read(SafetensorsFile file)
    {
        using var scope = NewDisposeScope();
        var (losses, validations) = (Numbers(file, StateNames.Losses), Numbers(file, StateNames.Validations));
        var step = WholeNumber(file, StateNames.Step);
        if (losses.Length != step)
            throw new JsonException($"{StateNames.Losses} has {losses.Length} values for {step} steps");
        if (validations.Length > 0 && file.Tensors[StateNames.Validations].Shape is not [_, ValidationColumns])
            throw new JsonException($"{StateNames.Validations} does not have {ValidationColumns} columns");
        var points = validations.Chunk(ValidationColumns).Select(PointOf).ToList();
        if (points.Any(point => point.Step < 0 || point.Step > step))
            throw new JsonException($"{StateNames.Validations} has a step that was not taken");
        var hasPatience = file.Metadata.ContainsKey(StateNames.PatienceStart);
        var (identity, weights, command) = (
            Metadata<Dictionary<string, string>>(file, StateNames.Identity),
            Metadata<Dictionary<string, string>>(file, StateNames.Weights),
            Metadata<List<string>>(file, StateNames.Command)
        );
        return new TrainState
        {
            Step = step,
            Tensors = file
                .Tensors.Keys.Where(key => key is not (StateNames.Losses or StateNames.Validations))
                .ToDictionary(key => key, key => file.Read(key).clone().DetachFromDisposeScope()),
            Losses = losses,
            Validations = points,
            PatienceStart = hasPatience ? WholeNumber(file, StateNames.PatienceStart) : 0,
            Identity = identity,
            Weights = weights,
            Command = command,
        };
    }

    private static double[] Numbers(SafetensorsFile file, string name) =>
        file.Tensors.TryGetValue(name, out var entry) && entry.Type == ScalarType.Float64
            ? file.Read(name).data<double>().ToArray()
            : [];

    private static int WholeNumber(SafetensorsFile file, string key) =>
        int.TryParse(Text(file, key), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new JsonException($"{key} is not a whole number");

    private static T Metadata<T>(SafetensorsFile file, string key) =>
        JsonShape.Deserialize<T>(Text(file, key), JsonSerializerOptions.Default, key);

    private static string Text(SafetensorsFile file, string key) =>
        file.Metadata.GetValueOrDefault(key) ?? throw new JsonException($"{key} is missing");

    private static double[] Columns(Validation point) =>
        [point.Step, point.Loss, point.RelativeLoss, point.HeldOut ?? double.NaN];

    private static Validation PointOf(double[] columns) =>
        new((int)columns[0], columns[1], columns[2], double.IsNaN(columns[3]) ? null : columns[3]);

    private List<Tensor> OfEachEncoder(string name)
    {
        var rows = new List<Tensor>();
        while (Tensors.TryGetValue(StateNames.Of(name, rows.Count), out var each))
            rows.Add(each);
        return rows;
    }

    private static Dictionary<string, string> Named(IReadOnlyDictionary<string, string> weights) =>
        weights.ToDictionary(pair => $"the model's {pair.Key} (SHA-256)", pair => pair.Value);

    private static void RequireSame(
        IReadOnlyDictionary<string, string> then,
        IReadOnlyDictionary<string, string> given,
        string? except
    )
    {
        foreach (var name in then.Keys.Union(given.Keys).Where(name => name != except).Order(StringComparer.Ordinal))
        {
            var (before, now) = (then.GetValueOrDefault(name, "nothing"), given.GetValueOrDefault(name, "nothing"));
            if (before != now)
                throw new TextualInversionException(
                    $"{name}: was {before} when the run began and is {now} now, so it cannot be resumed exactly; "
                        + "restore it, or start a new run."
                );
        }
    }
}
