using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>What a run remembers of its steps: their losses, the validations, and the best rows so far.</summary>
internal sealed class TrainHistory : IDisposable
{
    private readonly List<double> losses = [];
    private readonly List<Validation> validations = [];

    /// <summary>Of each step.</summary>
    public IReadOnlyList<double> Losses => losses;

    public IReadOnlyList<Validation> Validations => validations;

    /// <summary>(n, d) for each text encoder, of the best validation; none before the first.</summary>
    public IReadOnlyList<Tensor> BestRows { get; private set; } = [];

    /// <summary>Mean loss over the last steps, a tenth of the run: a single step's says next to nothing.</summary>
    public double RecentLoss => losses.Count == 0 ? double.NaN : losses.TakeLast(Math.Max(1, losses.Count / 10)).Average();

    public void Add(double loss) => losses.Add(loss);

    /// <param name="validation">a new one</param>
    /// <param name="rows">that it is of; copied where it is the best</param>
    public void Add(Validation validation, IReadOnlyList<Tensor> rows)
    {
        validations.Add(validation);
        if (Validation.Best(validations) != validation) return;
        Dispose();
        BestRows = [.. rows.Select(each => each.detach().clone().DetachFromDisposeScope())];
    }

    public void Dispose()
    {
        foreach (var rows in BestRows) rows.Dispose();
    }
}
