using TextualInversion.Data;

namespace TextualInversion.Evaluation;

/// <summary>
/// What is painted for the scores: the bare prompt shows the word alone, each edit prompt asks for something more, as in the paper
/// (https://arxiv.org/abs/2208.01618, section 5): other places, other media. <c>{}</c> is where the word goes.
/// </summary>
internal static class EvaluationPrompts
{
    /// <summary>What shows the word alone.</summary>
    public static string Bare(LearnedProperty property) =>
        property switch
        {
            LearnedProperty.Object => "a photo of {}",
            LearnedProperty.Style => "a painting in the style of {}",
            _ => throw new ArgumentOutOfRangeException(nameof(property), property, null),
        };

    /// <summary>The built-in edit prompts.</summary>
    public static IReadOnlyList<string> Edits(LearnedProperty property) =>
        property switch
        {
            LearnedProperty.Object =>
            [
                "a photo of {} on a beach",
                "a photo of {} in the snow",
                "a painting of {}",
                "a sketch of {}",
            ],
            LearnedProperty.Style =>
            [
                "a cat in the style of {}",
                "a house in the style of {}",
                "a tree in the style of {}",
                "a rocket in the style of {}",
            ],
            _ => throw new ArgumentOutOfRangeException(nameof(property), property, null),
        };

    /// <summary>What a template asks for beside the word: <c>a photo of {} on a beach</c> is <c>a photo of on a beach</c>.</summary>
    public static string WithoutPlaceholder(string template) =>
        string.Join(
            ' ',
            PromptTemplates.Format(template, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        );
}
