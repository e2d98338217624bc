using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Training.Data;

/// <summary>
/// The sentence that an image is learned under: its own description where it has one, else a template drawn at random,
/// as the options say.
/// </summary>
internal sealed class PromptSource
{
    private readonly IReadOnlyList<string> templates;
    private readonly TrainOptions options;
    private readonly string initializer;
    private readonly string?[] captions; // one for each image; null where it has none, or none is used

    /// <param name="images">The images.</param>
    /// <param name="templates">Sentences with <c>{}</c> for the placeholder.</param>
    /// <param name="initializer">The words that a description may hold in the placeholder's place.</param>
    /// <param name="options">How descriptions are used.</param>
    public PromptSource(
        IReadOnlyList<TrainingImage> images,
        IReadOnlyList<string> templates,
        string initializer,
        TrainOptions options
    )
    {
        (this.templates, this.initializer, this.options) = (templates, initializer, options);
        captions = [.. images.Select(image => options.Captions == CaptionUse.Off ? null : image.Caption)];
    }

    /// <summary>For each image its description as a prompt, null where the templates are used.</summary>
    public IReadOnlyList<string?> Descriptions(Placeholder placeholder) =>
        [
            .. captions
                .Select(caption => TemplateOf(caption, placeholder))
                .Select(template => template is null ? null : PromptTemplates.Format(template, placeholder.Name)),
        ];

    /// <summary>
    /// The longest prompts that there can be: every template that is used, and every description whole.
    /// </summary>
    public IReadOnlyList<string> All(Placeholder placeholder)
    {
        var sentences = captions.Select(caption => TemplateOf(caption, placeholder)).OfType<string>();
        if (options.Captions == CaptionUse.Mixed || captions.Any(caption => caption is null))
            sentences = templates.Concat(sentences);
        return [.. sentences.Select(sentence => PromptTemplates.Format(sentence, placeholder.Name)).Distinct()];
    }

    /// <summary>A prompt to learn under.</summary>
    internal string Prompt(int image, Placeholder placeholder, StepRandom random)
    {
        var isDrawn = options.Captions == CaptionUse.Mixed && random.Uniform() < 0.5;
        var caption = isDrawn ? null : TemplateOf(captions[image], placeholder);
        return PromptTemplates.Format(
            caption is null ? templates[random.Index(templates.Count)] : CaptionTags.Vary(caption, options, random),
            placeholder.Name
        );
    }

    /// <summary>A prompt to measure under, which no option varies.</summary>
    internal string ValidationPrompt(int image, Placeholder placeholder, StepRandom random) =>
        PromptTemplates.Format(
            TemplateOf(captions[image], placeholder) ?? templates[random.Index(templates.Count)],
            placeholder.Name
        );

    private string? TemplateOf(string? caption, Placeholder placeholder) =>
        caption is null ? null : Captions.ToTemplate(caption, placeholder.Name, initializer);
}
