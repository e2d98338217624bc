using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Training.Data;

/// <summary>The sentence that a picture is learned under: its own description where it has one, else a template drawn at random, as the options say.</summary>
public sealed class PromptSource
{
    private readonly IReadOnlyList<string> templates;
    private readonly TrainOptions options;
    private readonly string?[] captions; // as templates, one for each picture

    /// <param name="pictures">The pictures.</param>
    /// <param name="templates">Sentences with <c>{}</c> for the placeholder.</param>
    /// <param name="initializer">The words that a description may hold in the placeholder's place.</param>
    /// <param name="options">How descriptions are used.</param>
    public PromptSource(
        IReadOnlyList<TrainingPicture> pictures,
        IReadOnlyList<string> templates,
        string initializer,
        TrainOptions options
    )
    {
        this.templates = templates;
        this.options = options;
        captions =
        [
            .. pictures.Select(picture =>
                options.Captions != CaptionUse.Off && picture.Caption is { } caption
                    ? Captions.ToTemplate(caption, initializer)
                    : null
            ),
        ];
    }

    /// <summary>For each picture its description as a prompt, null where the templates are used.</summary>
    public IReadOnlyList<string?> Descriptions(Placeholder placeholder) =>
        [.. captions.Select(caption => caption is null ? null : PromptTemplates.Format(caption, placeholder.Name))];

    /// <summary>The longest prompts that there can be: every template that is used, and every description whole.</summary>
    public IReadOnlyList<string> All(Placeholder placeholder)
    {
        var sentences = captions.OfType<string>();
        if (options.Captions == CaptionUse.Mixed || captions.Any(caption => caption is null))
            sentences = templates.Concat(sentences);
        return [.. sentences.Select(sentence => PromptTemplates.Format(sentence, placeholder.Name)).Distinct()];
    }

    /// <summary>A prompt to learn under.</summary>
    internal string Prompt(int picture, Placeholder placeholder, StepRandom random)
    {
        var caption = options.Captions == CaptionUse.Mixed && random.Uniform() < 0.5 ? null : captions[picture];
        return PromptTemplates.Format(
            caption is null ? templates[random.Index(templates.Count)] : CaptionTags.Vary(caption, options, random),
            placeholder.Name
        );
    }

    /// <summary>A prompt to measure under, which no option varies.</summary>
    internal string ValidationPrompt(int picture, Placeholder placeholder, StepRandom random) =>
        PromptTemplates.Format(captions[picture] ?? templates[random.Index(templates.Count)], placeholder.Name);
}
