using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>The result of a run.</summary>
internal sealed record TrainerResult : IDisposable
{
    /// <summary>Why the run ended.</summary>
    public required TrainingEnd End { get; init; }

    /// <summary>
    /// The best embedding by validation, or the last if there was no validation: (n, d) float32 on the CPU for each
    /// text encoder.
    /// </summary>
    public required IReadOnlyList<Tensor> Rows { get; init; }

    /// <summary>The embedding after the last step, of the same shapes.</summary>
    public required IReadOnlyList<Tensor> LastRows { get; init; }

    /// <summary>The steps that were taken.</summary>
    public required int Steps { get; init; }

    /// <summary>The step whose embedding is <see cref="Rows"/>.</summary>
    public required int BestStep { get; init; }

    /// <summary>The validation losses, or null if there was no validation.</summary>
    public required ValidationSummary? Validation { get; init; }

    /// <summary>The validations, the first of them before the first step; empty if there was no validation.</summary>
    public required IReadOnlyList<Validation> Validations { get; init; }

    /// <summary>The mean training loss over the last 10 % of the steps. Single-step losses are too noisy.</summary>
    public required double Loss { get; init; }

    /// <summary>The median duration of a step in seconds, 0 if none was taken.</summary>
    public required double StepMedianSeconds { get; init; }

    /// <summary>Norm, drift and nearest words of each of <see cref="Rows"/>.</summary>
    public required IReadOnlyList<LearnedRow> Learned { get; init; }

    /// <summary>The norms of each text encoder's vocabulary.</summary>
    public required IReadOnlyList<NormRange> VocabularyNorms { get; init; }

    /// <summary>
    /// The SHA-256 of each network's values before the first step and after the last, by the network's name.
    /// </summary>
    public required IReadOnlyDictionary<string, FrozenHash> FrozenWeights { get; init; }

    /// <summary>Those before the first step.</summary>
    public IReadOnlyDictionary<string, string> HashesBefore =>
        FrozenWeights.ToDictionary(pair => pair.Key, pair => pair.Value.Before);

    /// <summary>Refuses a run that learned nothing.</summary>
    /// <param name="placeholder">The placeholder token, or those of several words, for the message.</param>
    /// <exception cref="TextualInversionException">The gradient was zero in every step.</exception>
    public void RequireGradient(string placeholder)
    {
        if (End == TrainingEnd.WithoutGradient)
            throw new TextualInversionException(
                $"The gradient of {placeholder} was zero in every step so far, so nothing can be learned; check "
                    + "that each prompt reaches it: one that is too long is cut off before it."
            );
    }

    public void Dispose()
    {
        foreach (var rows in Rows.Concat(LastRows))
            rows.Dispose();
    }
}
