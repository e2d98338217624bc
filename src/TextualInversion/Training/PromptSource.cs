using TextualInversion.Data;
using TextualInversion.Models;

namespace TextualInversion.Training;

/// <summary>The sentence that a picture is learned under: its own description where it has one, else a template drawn at random.</summary>
public sealed class PromptSource
{
    private readonly IReadOnlyList<string> templates;
    private readonly string?[] captions; // as templates, one for each picture

    /// <param name="pictures">The pictures.</param>
    /// <param name="templates">Sentences with <c>{}</c> for the placeholder.</param>
    /// <param name="initializer">The words that a description may hold in the placeholder's place.</param>
    /// <param name="useCaptions">Whether descriptions are used.</param>
    public PromptSource(IReadOnlyList<TrainingPicture> pictures, IReadOnlyList<string> templates, string initializer, bool useCaptions)
    {
        this.templates = templates;
        captions = [.. pictures.Select(picture => useCaptions && picture.Caption is { } caption ? Captions.ToTemplate(caption, initializer) : null)];
    }

    /// <summary>For each picture its description as a prompt, null where the templates are used.</summary>
    public IReadOnlyList<string?> Descriptions(Placeholder placeholder) =>
        [.. captions.Select(caption => caption is null ? null : PromptTemplates.Format(caption, placeholder.Name))];

    internal string Prompt(int picture, Placeholder placeholder, StepRandom random) =>
        PromptTemplates.Format(captions[picture] ?? templates[random.Index(templates.Count)], placeholder.Name);
}
