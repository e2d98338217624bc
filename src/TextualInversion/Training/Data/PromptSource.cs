using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Training.Data;

/// <summary>
/// The prompts of the images: an image's own caption if it has one, otherwise a template drawn at random. Options
/// decide how captions are used. If several words are learned together, every image has a caption, which names them.
/// </summary>
internal sealed class PromptSource
{
    private readonly IReadOnlyList<string> templates;
    private readonly TrainOptions options;
    private readonly string initializer;
    private readonly IReadOnlyList<string> together; // the tokens of words that are learned together, or empty for one
    private readonly string?[] captions; // one for each image; null if it has none, or captions are not used

    /// <param name="images">The training images with their captions.</param>
    /// <param name="templates">Prompt templates, with <c>{}</c> for the placeholder token.</param>
    /// <param name="initializer">The words that the placeholder token replaces in a caption.</param>
    /// <param name="options">How captions are used.</param>
    /// <param name="together">
    /// The placeholder tokens that captions name, if several words are learned together. The captions then are whole
    /// prompts, whichever placeholder a method is asked for. Default: null, for one word.
    /// </param>
    public PromptSource(
        IReadOnlyList<TrainingImage> images,
        IReadOnlyList<string> templates,
        string initializer,
        TrainOptions options,
        IReadOnlyList<Placeholder>? together = null
    )
    {
        (this.templates, this.initializer, this.options) = (templates, initializer, options);
        this.together = [.. together?.Select(placeholder => placeholder.Name) ?? []];
        captions = [.. images.Select(image => options.Captions == CaptionUse.Off ? null : image.Caption)];
    }

    private PromptSource(PromptSource other, IReadOnlyList<string> templates, string?[] captions)
    {
        (initializer, options, together) = (other.initializer, other.options, other.together);
        (this.templates, this.captions) = (templates, captions);
    }

    /// <summary>
    /// Whether what the images show should be found and named: the images of a style without captions, which each show
    /// something else. What a prompt does not name, the vectors would have to explain.
    /// </summary>
    public bool WantsShownWords =>
        options is { Property: LearnedProperty.Style, Templates: null, Captions: not CaptionUse.Off }
        && captions.Length > 1 // a word of one image cannot be compared with others
        && captions.All(caption => caption is null);

    /// <summary>The same prompts from other templates, without captions.</summary>
    public PromptSource WithTemplates(IReadOnlyList<string> other) => new(this, other, new string?[captions.Length]);

    /// <summary>The same prompts with captions that name what the images of a style show.</summary>
    /// <param name="shown">
    /// A word for each image, or null or no text for an image that uses the templates. An image that came later has
    /// none.
    /// </param>
    public PromptSource WithShownWords(IReadOnlyList<string?> shown) =>
        new(
            this,
            templates,
            [
                .. captions.Select(
                    (_, image) =>
                        shown.ElementAtOrDefault(image) is { Length: > 0 } word
                            ? $"a {word} in the style of {{}}"
                            : null
                ),
            ]
        );

    /// <summary>For each image its caption as a prompt, or null if the image uses the templates.</summary>
    public IReadOnlyList<string?> Descriptions(Placeholder placeholder) =>
        [
            .. captions
                .Select(caption => TemplateOf(caption, placeholder))
                .Select(template => template is null ? null : PromptTemplates.Format(template, placeholder.Name)),
        ];

    /// <summary>Every prompt in its longest form: all templates in use, and all captions with all their tags.</summary>
    public IReadOnlyList<string> All(Placeholder placeholder)
    {
        var sentences = captions.Select(caption => TemplateOf(caption, placeholder)).OfType<string>();
        if (options.Captions == CaptionUse.Mixed || captions.Any(caption => caption is null))
            sentences = templates.Concat(sentences);
        return [.. sentences.Select(sentence => PromptTemplates.Format(sentence, placeholder.Name)).Distinct()];
    }

    /// <summary>A prompt to train with.</summary>
    internal string Prompt(int image, Placeholder placeholder, StepRandom random)
    {
        var isDrawn = options.Captions == CaptionUse.Mixed && random.Uniform() < 0.5;
        var caption = isDrawn ? null : TemplateOf(captions[image], placeholder);
        return PromptTemplates.Format(
            caption is null
                ? templates[random.Index(templates.Count)]
                : CaptionTags.Vary(caption, options, random, Marks),
            placeholder.Name
        );
    }

    /// <summary>A prompt to validate with. Options for tags do not change it.</summary>
    internal string ValidationPrompt(int image, Placeholder placeholder, StepRandom random) =>
        PromptTemplates.Format(
            TemplateOf(captions[image], placeholder) ?? templates[random.Index(templates.Count)],
            placeholder.Name
        );

    private IReadOnlyList<string>? Marks => together.Count > 0 ? together : null;

    private string? TemplateOf(string? caption, Placeholder placeholder) =>
        caption is null ? null
        : together.Count > 0 ? Captions.WithTokens(caption, together).Text
        : Captions.ToTemplate(caption, placeholder.Name, initializer);
}
