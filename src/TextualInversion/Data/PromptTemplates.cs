using TextualInversion.IO;

namespace TextualInversion.Data;

/// <summary>
/// Prompts with <c>{}</c> in place of the placeholder token. The built-in ones are <c>imagenet_templates_small</c> and
/// <c>imagenet_style_templates_small</c> of diffusers' examples/textual_inversion/textual_inversion.py
/// (https://github.com/huggingface/diffusers). Two of the style templates occur twice and so are drawn twice as often.
/// </summary>
internal static class PromptTemplates
{
    /// <summary>Marks the position of the placeholder token in a template.</summary>
    public const string Slot = "{}";

    // The WebUI's templates:
    // https://github.com/AUTOMATIC1111/stable-diffusion-webui/tree/master/textual_inversion_templates
    private const string WebUiSlot = "[name]",
        WebUiCaption = "[filewords]";

    private static readonly string[] Object =
    [
        "a photo of a {}",
        "a rendering of a {}",
        "a cropped photo of the {}",
        "the photo of a {}",
        "a photo of a clean {}",
        "a photo of a dirty {}",
        "a dark photo of the {}",
        "a photo of my {}",
        "a photo of the cool {}",
        "a close-up photo of a {}",
        "a bright photo of the {}",
        "a cropped photo of a {}",
        "a photo of the {}",
        "a good photo of the {}",
        "a photo of one {}",
        "a close-up photo of the {}",
        "a rendition of the {}",
        "a photo of the clean {}",
        "a rendition of a {}",
        "a photo of a nice {}",
        "a good photo of a {}",
        "a photo of the nice {}",
        "a photo of the small {}",
        "a photo of the weird {}",
        "a photo of the large {}",
        "a photo of a cool {}",
        "a photo of a small {}",
    ];

    private static readonly string[] Style =
    [
        "a painting in the style of {}",
        "a rendering in the style of {}",
        "a cropped painting in the style of {}",
        "the painting in the style of {}",
        "a clean painting in the style of {}",
        "a dirty painting in the style of {}",
        "a dark painting in the style of {}",
        "an image in the style of {}",
        "a cool painting in the style of {}",
        "a close-up painting in the style of {}",
        "a bright painting in the style of {}",
        "a cropped painting in the style of {}",
        "a good painting in the style of {}",
        "a close-up painting in the style of {}",
        "a rendition in the style of {}",
        "a nice painting in the style of {}",
        "a small painting in the style of {}",
        "a weird painting in the style of {}",
        "a large painting in the style of {}",
    ];

    /// <summary>The built-in templates.</summary>
    public static IReadOnlyList<string> For(LearnedProperty property) =>
        property switch
        {
            LearnedProperty.Object => Object,
            LearnedProperty.Style => Style,
            _ => throw new ArgumentOutOfRangeException(nameof(property), property, null),
        };

    /// <summary>
    /// Reads the user's own templates, one per line. Empty lines and lines that start with <c>#</c> are skipped. The
    /// WebUI's <c>[name]</c> means the same as <c>{}</c>.
    /// </summary>
    /// <exception cref="TextualInversionException">
    /// The file cannot be read, is not UTF-8, has no template, or has a template without <c>{}</c> or with the WebUI's
    /// <c>[filewords]</c>.
    /// </exception>
    public static IReadOnlyList<string> Read(string path)
    {
        var templates = new List<string>();
        foreach (var (index, line) in TextFile.Read(path).Split('\n').Select(line => line.Trim()).Index())
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line.Contains(WebUiCaption, StringComparison.Ordinal))
            {
                throw new TextualInversionException(
                    $"{path}, line {index + 1}: {WebUiCaption} is the WebUI's for an image's caption, which templates "
                        + "cannot hold; delete the line, since captions are used without templates."
                );
            }

            var template = WithSlots(line);
            if (!template.Contains(Slot, StringComparison.Ordinal))
            {
                throw new TextualInversionException(
                    $"{path}, line {index + 1}: \"{line}\" has no {Slot}; put it where the placeholder belongs."
                );
            }

            templates.Add(template);
        }

        if (templates.Count == 0)
            throw new TextualInversionException(
                $"{path}: has no template; write one per line, with {Slot} where the placeholder belongs."
            );
        return templates;
    }

    /// <summary>The text with <c>{}</c> in place of the WebUI's <c>[name]</c>.</summary>
    public static string WithSlots(string text) => text.Replace(WebUiSlot, Slot, StringComparison.Ordinal);

    /// <summary>The prompt of a template: <paramref name="placeholder"/> replaces each <c>{}</c>.</summary>
    public static string Format(string template, string placeholder) =>
        template.Replace(Slot, placeholder, StringComparison.Ordinal);
}
