using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>What a run learned.</summary>
public sealed record TrainResult : IDisposable
{
    public required TrainingEnd End { get; init; }

    /// <summary>(n, d) float32 on the CPU, for each text encoder.</summary>
    public required IReadOnlyList<Tensor> Rows { get; init; }

    /// <summary>Steps that went into the rows.</summary>
    public required int Steps { get; init; }

    /// <summary>Mean loss over the last steps, a tenth of the run: a single step's says next to nothing.</summary>
    public required double Loss { get; init; }

    /// <summary>The middle of the steps' times.</summary>
    public required double StepMedianSeconds { get; init; }

    /// <summary>SHA-256 of each network's values before the first step and after the last.</summary>
    public required IReadOnlyDictionary<string, FrozenHash> BaseWeights { get; init; }

    public void Dispose()
    {
        foreach (var rows in Rows) rows.Dispose();
    }
}

/// <summary>The hash of a network before and after the run. They are equal, or the run fails.</summary>
public sealed record FrozenHash(string Before, string After);
