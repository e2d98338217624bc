using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.RunFiles;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>What a run learned.</summary>
internal sealed record TrainResult : IDisposable
{
    public required TrainingEnd End { get; init; }

    /// <summary>(n, d) float32 on the CPU, for each text encoder: those of the best validation, or the last where there was none.</summary>
    public required IReadOnlyList<Tensor> Rows { get; init; }

    /// <summary>As <see cref="Rows"/>, after the last step.</summary>
    public required IReadOnlyList<Tensor> LastRows { get; init; }

    /// <summary>Steps that were taken.</summary>
    public required int Steps { get; init; }

    /// <summary>Steps that went into <see cref="Rows"/>.</summary>
    public required int BestStep { get; init; }

    /// <summary>The validations, the first of them before the first step; null where there were none.</summary>
    public required ValidationSummary? Validation { get; init; }

    /// <summary>Mean loss over the last steps, a tenth of the run: a single step's says next to nothing.</summary>
    public required double Loss { get; init; }

    /// <summary>The middle of the steps' times.</summary>
    public required double StepMedianSeconds { get; init; }

    /// <summary>What can be told of <see cref="Rows"/>.</summary>
    public required IReadOnlyList<LearnedRow> Learned { get; init; }

    /// <summary>How long the words of each text encoder are.</summary>
    public required IReadOnlyList<NormRange> VocabularyNorms { get; init; }

    /// <summary>SHA-256 of each network's values before the first step and after the last.</summary>
    public required IReadOnlyDictionary<string, FrozenHash> BaseWeights { get; init; }

    public void Dispose()
    {
        foreach (var rows in Rows.Concat(LastRows))
            rows.Dispose();
    }
}

/// <summary>The hash of a network before and after the run. They are equal, or the run fails.</summary>
internal sealed record FrozenHash(string Before, string After)
{
    /// <exception cref="InvalidOperationException">They are not equal.</exception>
    internal static FrozenHash Of(ModelPart part, string before, string after) =>
        before == after
            ? new FrozenHash(before, after)
            : throw new InvalidOperationException($"the frozen {part} changed during training");
}

/// <summary>The validation losses of a run.</summary>
/// <param name="WithoutPrompts">with empty prompts: what the model makes of the images by itself</param>
/// <param name="Initial">of the rows that training started from, the initializer's</param>
/// <param name="Best">of the rows that are kept</param>
/// <param name="Final">of the last rows</param>
internal sealed record ValidationSummary(double WithoutPrompts, double Initial, double Best, double Final)
{
    /// <summary>The same of the image that was held out of training; null where none was.</summary>
    public HeldOutSummary? HeldOut { get; init; }
}

/// <summary>The validation losses of the image that was held out of training.</summary>
/// <param name="WithoutPrompts">with empty prompts</param>
/// <param name="Initial">of the rows that training started from</param>
/// <param name="Best">of the rows that are kept, which are the best on the other images</param>
/// <param name="Final">of the last rows</param>
internal sealed record HeldOutSummary(double WithoutPrompts, double Initial, double Best, double Final);
