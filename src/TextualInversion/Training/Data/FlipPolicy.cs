using TextualInversion.Data;

namespace TextualInversion.Training.Data;

/// <summary>
/// Turns flips off if captions or templates mention left, right or text, which look wrong in a mirror image.
/// </summary>
internal static class FlipPolicy
{
    /// <summary>
    /// Why images should not be flipped, such as <c>1.txt says "left"</c>, or null if there is no reason.
    /// </summary>
    /// <param name="options">How captions are used.</param>
    /// <param name="images">The images with their captions.</param>
    /// <param name="templates">The prompt templates.</param>
    /// <param name="phrase">The initializer: the words that training starts from.</param>
    public static string? ReasonToDisable(
        TrainOptions options,
        IReadOnlyList<TrainingImage> images,
        IReadOnlyList<string> templates,
        string phrase
    )
    {
        var captioned = options.Captions == CaptionUse.Off ? [] : images.Where(image => image.Caption is not null);
        var texts = captioned
            .Select(image => (Where: Captions.PathFor(image.Path), Text: image.Caption!))
            .Append(("the initializer", phrase))
            .Concat(templates.Select(template => ("the templates", template)));
        foreach (var (where, text) in texts)
        {
            if (LeftAndRight.FindWord([text]) is { } word)
                return $"{where} says \"{word}\"";
        }

        return null;
    }
}
