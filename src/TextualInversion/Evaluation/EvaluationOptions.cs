using TextualInversion.Generation;

namespace TextualInversion.Evaluation;

/// <summary>Which images are generated; the same for all candidates.</summary>
internal sealed record EvaluationOptions
{
    /// <summary>A template, see <see cref="EvaluationPrompts.Bare"/>.</summary>
    public required string BarePrompt { get; init; }

    /// <summary>Templates, at least one; see <see cref="EvaluationPrompts.Edits"/>.</summary>
    public required IReadOnlyList<string> EditPrompts { get; init; }

    /// <summary>Images for each prompt, 2 to 1000. The paper uses 64.</summary>
    public required int Count { get; init; }

    /// <summary>Image i of each prompt and candidate uses this seed + i, so that differences are paired.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The settings of each image. The prompt in it is not used.</summary>
    public required GenerationSettings Generation { get; init; }

    /// <summary>
    /// The number of images for some candidates: each prompt of each and of the initializer, and the bare prompt
    /// without a word.
    /// </summary>
    public int Images(int candidates) => Count * (((1 + candidates) * (1 + EditPrompts.Count)) + 1);

    /// <exception cref="TextualInversionException">A value is out of its range.</exception>
    public void Validate()
    {
        if (Count is < 2 or > 1000)
            throw TextualInversionException.ForParameter(
                nameof(Count),
                $"{Count}: choose 2 to 1000 images; a single image has no standard error."
            );
        Generation.Validate();
    }
}
