using static TorchSharp.torch;

namespace TextualInversion.Training.Stopping;

/// <summary>The history of a run: the losses of its steps, its validations, and the best embedding so far.</summary>
internal sealed class TrainHistory : IDisposable
{
    private readonly List<double> losses = [];
    private readonly List<Validation> validations = [];

    /// <param name="state">The state to resume from. Null: a new run.</param>
    /// <param name="device">The device that holds the vectors.</param>
    public TrainHistory(TrainState? state, Device device)
    {
        if (state is null)
            return;
        losses.AddRange(state.Losses);
        validations.AddRange(state.Validations);
        PatienceStart = state.PatienceStart;
        BestRows = [.. state.BestRows.Select(rows => rows.to(device, copy: true).DetachFromDisposeScope())];
    }

    /// <summary>The training loss of each step.</summary>
    public IReadOnlyList<double> Losses => losses;

    public IReadOnlyList<Validation> Validations => validations;

    /// <summary>See <see cref="TrainState.PatienceStart"/>.</summary>
    public int PatienceStart { get; }

    /// <summary>
    /// (n, d) for each text encoder: the best embedding by validation, empty before the first validation.
    /// </summary>
    public IReadOnlyList<Tensor> BestRows { get; private set; } = [];

    /// <summary>
    /// Mean training loss over the last 10 % of steps; single-step losses are too noisy. A loss that overflowed in
    /// float16 does not count. NaN before the first step.
    /// </summary>
    public double RecentLoss =>
        losses.TakeLast(Math.Max(1, losses.Count / 10)).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    /// <summary>The current state. Its tensors are not copies: write them before the next step.</summary>
    /// <param name="learner">The learner, after the last step.</param>
    /// <param name="weights">See <see cref="TrainState.Weights"/>.</param>
    public TrainState Capture(Learner learner, IReadOnlyDictionary<string, string> weights)
    {
        var best = BestRows.Select((rows, i) => KeyValuePair.Create(StateNames.Of(StateNames.Best, i), rows));
        return new TrainState
        {
            Step = losses.Count,
            Tensors = learner.State.Concat(best).ToDictionary(pair => pair.Key, pair => pair.Value),
            Losses = losses,
            Validations = validations,
            PatienceStart = PatienceStart,
            Weights = weights,
        };
    }

    /// <summary>Refuses a state whose best embedding is missing or has another shape.</summary>
    /// <param name="rows">The vectors, (n, d) for each text encoder.</param>
    /// <exception cref="TextualInversionException">The best embedding belongs to another run.</exception>
    public void RequireShapes(IReadOnlyList<Tensor> rows)
    {
        if (Validation.Best(validations) is null)
            return;
        var fits =
            BestRows.Count == rows.Count
            && BestRows.Zip(rows).All(pair => pair.First.shape.SequenceEqual(pair.Second.shape));
        if (!fits)
            throw new TextualInversionException(
                $"The state to resume from lacks the best embedding ({StateNames.Of(StateNames.Best, 0)}), "
                    + "or it has another shape; start a new run."
            );
    }

    public void Add(double loss) => losses.Add(loss);

    /// <summary>Adds a validation, and copies the vectors if they are the best so far.</summary>
    /// <param name="validation">The validation.</param>
    /// <param name="rows">The vectors that were validated.</param>
    public void Add(Validation validation, IReadOnlyList<Tensor> rows)
    {
        validations.Add(validation);
        if (Validation.Best(validations) != validation)
            return;
        Dispose();
        using var scope = NewDisposeScope();
        BestRows = [.. rows.Select(each => each.detach().clone().DetachFromDisposeScope())];
    }

    public void Dispose()
    {
        foreach (var rows in BestRows)
            rows.Dispose();
    }
}
