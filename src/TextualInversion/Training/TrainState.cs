using System.Globalization;
using System.Text.Json;
using TextualInversion.Tensors;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// <c>state.safetensors</c>: everything from which a run goes on as if it had not been stopped. What is random in it is a function of the seed
/// and the step, so this is kilobytes: the rows, the optimiser's moments, the best rows, the losses so far.
/// </summary>
internal sealed class TrainState : IDisposable
{
    private const int ValidationNumbers = 3;
    private const string StepKey = "step",
        IdentityKey = "identity",
        WeightsKey = "weights",
        CommandKey = "command",
        LossesKey = "losses",
        ValidationsKey = "validations";

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>What a learner needs to go on, by names such as <c>rows.0</c>.</summary>
    public required IReadOnlyDictionary<string, Tensor> Tensors { get; init; }

    /// <summary>(n, d) for each text encoder, as <see cref="Learner.Rows"/> were: what was learned up to here.</summary>
    public IReadOnlyList<Tensor> Rows =>
        [
            .. Enumerable
                .Range(0, int.MaxValue)
                .Select(encoder =>
                    Tensors.GetValueOrDefault($"average.{encoder}") ?? Tensors.GetValueOrDefault($"rows.{encoder}")
                )
                .TakeWhile(rows => rows is not null)
                .Select(rows => rows!),
        ];

    /// <summary>Of each step.</summary>
    public required IReadOnlyList<double> Losses { get; init; }

    public required IReadOnlyList<Validation> Validations { get; init; }

    /// <summary>SHA-256 of each network's values.</summary>
    public required IReadOnlyDictionary<string, string> Weights { get; init; }

    /// <summary>Everything else that decides what is learned, by name: options, images, prompts, model.</summary>
    public IReadOnlyDictionary<string, string> Identity { get; init; } = new Dictionary<string, string>();

    /// <summary>The arguments that began the run.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <param name="path">replaced where it exists</param>
    /// <param name="identity">see <see cref="Identity"/></param>
    /// <param name="command">see <see cref="Command"/></param>
    /// <exception cref="TextualInversionException">It cannot be written; the one before is still there.</exception>
    public void Write(string path, IReadOnlyDictionary<string, string> identity, IReadOnlyList<string> command)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(Tensors);
        // The format has no place for empty tensors that every reader takes.
        if (Losses.Count > 0)
            tensors[LossesKey] = tensor(Losses.ToArray());
        if (Validations.Count > 0)
            tensors[ValidationsKey] = tensor(
                    Validations
                        .SelectMany(point => new[] { point.Step, point.Loss, point.HeldOut ?? double.NaN })
                        .ToArray()
                )
                .view(-1, ValidationNumbers); // (k, 3)
        var metadata = new Dictionary<string, string>
        {
            [StepKey] = Step.ToString(CultureInfo.InvariantCulture),
            [IdentityKey] = JsonSerializer.Serialize(identity),
            [WeightsKey] = JsonSerializer.Serialize(Weights),
            [CommandKey] = JsonSerializer.Serialize(command),
        };
        SafetensorsFile.Write(path, tensors, metadata, overwrite: true);
    }

    /// <exception cref="TextualInversionException">There is none, or it is not whole.</exception>
    public static TrainState Read(string path)
    {
        if (!File.Exists(path))
            throw new TextualInversionException(
                $"{path}: is missing, so there is nothing to go on from; name the folder of a run, such as runs/my-cat."
            );
        var file = SafetensorsFile.Open(path);
        double[] Numbers(string key) =>
            file.Tensors.TryGetValue(key, out var entry) && entry.Type == ScalarType.Float64
                ? file.Read(key).data<double>().ToArray()
                : [];
        using var scope = NewDisposeScope();
        var validations = Numbers(ValidationsKey);
        var losses = Numbers(LossesKey);
        try
        {
            var step = int.Parse(file.Metadata[StepKey], NumberStyles.None, CultureInfo.InvariantCulture);
            if (losses.Length != step || validations.Length % ValidationNumbers != 0)
                throw new FormatException();
            return new TrainState
            {
                Step = step,
                Tensors = file
                    .Tensors.Keys.Where(key => key is not (LossesKey or ValidationsKey))
                    .ToDictionary(key => key, key => file.Read(key).clone().DetachFromDisposeScope()),
                Losses = losses,
                Validations =
                [
                    .. validations
                        .Chunk(ValidationNumbers)
                        .Select(numbers => new Validation(
                            (int)numbers[0],
                            numbers[1],
                            double.IsNaN(numbers[2]) ? null : numbers[2]
                        )),
                ],
                Weights = JsonSerializer.Deserialize<Dictionary<string, string>>(file.Metadata[WeightsKey])!,
                Identity = JsonSerializer.Deserialize<Dictionary<string, string>>(file.Metadata[IdentityKey])!,
                Command = JsonSerializer.Deserialize<List<string>>(file.Metadata[CommandKey])!,
            };
        }
        catch (Exception error)
            when (error is KeyNotFoundException or FormatException or OverflowException or JsonException)
        {
            throw new TextualInversionException($"{path}: is no state of a run; start a new run.", error);
        }
    }

    /// <summary>Refuses to go on with something else than what was begun.</summary>
    /// <exception cref="TextualInversionException">Something is not what it was; it is named.</exception>
    public void RequireSame(IReadOnlyDictionary<string, string> identity) => RequireSame(Identity, identity);

    /// <summary>The same for <see cref="Weights"/>.</summary>
    /// <exception cref="TextualInversionException">The model is another.</exception>
    public void RequireSameWeights(IReadOnlyDictionary<string, string> weights) =>
        RequireSame(Named(Weights), Named(weights));

    public void Dispose()
    {
        foreach (var tensor in Tensors.Values)
            tensor.Dispose();
    }

    private static Dictionary<string, string> Named(IReadOnlyDictionary<string, string> weights) =>
        weights.ToDictionary(pair => $"the model's {pair.Key} (SHA-256)", pair => pair.Value);

    private static void RequireSame(IReadOnlyDictionary<string, string> then, IReadOnlyDictionary<string, string> given)
    {
        foreach (var name in then.Keys.Union(given.Keys).Order(StringComparer.Ordinal))
        {
            var (before, now) = (then.GetValueOrDefault(name, "nothing"), given.GetValueOrDefault(name, "nothing"));
            if (before != now)
                throw new TextualInversionException(
                    $"{name}: was {before} when the run began and is {now} now, so it cannot go on as it would have; put it back, or start a new run."
                );
        }
    }
}
