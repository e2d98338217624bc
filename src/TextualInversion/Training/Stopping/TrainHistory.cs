using static TorchSharp.torch;

namespace TextualInversion.Training.Stopping;

/// <summary>What a run remembers of its steps: their losses, the validations, and the best rows so far.</summary>
internal sealed class TrainHistory : IDisposable
{
    private readonly List<double> losses = [];
    private readonly List<Validation> validations = [];

    /// <param name="state">to go on from; null at the beginning</param>
    /// <param name="device">where the rows are</param>
    public TrainHistory(TrainState? state, Device device)
    {
        if (state is null)
            return;
        losses.AddRange(state.Losses);
        validations.AddRange(state.Validations);
        BestRows =
        [
            .. Enumerable
                .Range(0, int.MaxValue)
                .Select(encoder => state.Tensors.GetValueOrDefault(BestKey(encoder)))
                .TakeWhile(rows => rows is not null)
                .Select(rows => rows!.to(device, copy: true).DetachFromDisposeScope()),
        ];
    }

    /// <summary>Of each step.</summary>
    public IReadOnlyList<double> Losses => losses;

    public IReadOnlyList<Validation> Validations => validations;

    /// <summary>(n, d) for each text encoder, of the best validation; none before the first.</summary>
    public IReadOnlyList<Tensor> BestRows { get; private set; } = [];

    /// <summary>Mean loss over the last steps, a tenth of the run: a single step's says next to nothing.</summary>
    public double RecentLoss =>
        losses.Count == 0 ? double.NaN : losses.TakeLast(Math.Max(1, losses.Count / 10)).Average();

    /// <summary>Where the run stands; its tensors are the run's own, to be written before the next step.</summary>
    /// <param name="learner">after the last of the steps</param>
    /// <param name="weights">see <see cref="TrainState.Weights"/></param>
    public TrainState Capture(Learner learner, IReadOnlyDictionary<string, string> weights) =>
        new()
        {
            Step = losses.Count,
            Tensors = learner
                .State.Concat(BestRows.Select((rows, encoder) => KeyValuePair.Create(BestKey(encoder), rows)))
                .ToDictionary(pair => pair.Key, pair => pair.Value),
            Losses = losses,
            Validations = validations,
            Weights = weights,
        };

    public void Add(double loss) => losses.Add(loss);

    /// <param name="validation">a new one</param>
    /// <param name="rows">that it is of; copied where it is the best</param>
    public void Add(Validation validation, IReadOnlyList<Tensor> rows)
    {
        validations.Add(validation);
        if (Validation.Best(validations) != validation)
            return;
        Dispose();
        BestRows = [.. rows.Select(each => each.detach().clone().DetachFromDisposeScope())];
    }

    public void Dispose()
    {
        foreach (var rows in BestRows)
            rows.Dispose();
    }

    private static string BestKey(int encoder) => $"best.{encoder}";
}
