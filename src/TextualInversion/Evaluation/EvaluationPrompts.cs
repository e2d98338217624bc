using TextualInversion.Data;

namespace TextualInversion.Evaluation;

/// <summary>
/// The prompt templates of the scores, as in the paper (https://arxiv.org/abs/2208.01618, section 5). The bare prompt
/// shows the placeholder token alone. Each edit prompt asks for something more: another place, another medium.
/// <c>{}</c> marks the placeholder token.
/// </summary>
internal static class EvaluationPrompts
{
    /// <summary>The prompt that shows the placeholder token alone.</summary>
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

    /// <summary>
    /// A template's text without the placeholder token: <c>a photo of {} on a beach</c> becomes <c>a photo of on a
    /// beach</c>.
    /// </summary>
    public static string WithoutPlaceholder(string template) =>
        string.Join(
            ' ',
            PromptTemplates.Format(template, " ").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        );
}
