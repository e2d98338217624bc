using TextualInversion.Generation;

namespace TextualInversion.Evaluation;

/// <summary>What is painted for each candidate, the same for all.</summary>
internal sealed record EvaluationOptions
{
    /// <summary>See <see cref="EvaluationPrompts.Bare"/>.</summary>
    public required string BarePrompt { get; init; }

    /// <summary>Templates, at least one.</summary>
    public required IReadOnlyList<string> EditPrompts { get; init; }

    /// <summary>Images of each prompt; 64 in the paper.</summary>
    public required int Count { get; init; }

    /// <summary>Image i of each prompt and each candidate is painted from this + i, so that differences are paired.</summary>
    public required ulong Seed { get; init; }

    /// <summary>How; its prompt is not used.</summary>
    public required GenerationSettings Generation { get; init; }

    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public void Validate()
    {
        if (Count is < 2 or > 1000)
            throw new TextualInversionException($"--count {Count}: choose 2 to 1000 images; one alone has no spread.");
        Generation.Validate();
    }
}
