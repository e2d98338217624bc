using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;

namespace TextualInversion.Training.Data;

/// <summary>
/// Captions of images that several words are learned from together. Each caption says which of the words its image
/// shows; templates could not.
/// </summary>
internal static class SharedCaptions
{
    /// <summary>Requires a caption for every image that names at least one word, and every word in a caption.</summary>
    /// <param name="images">The training images.</param>
    /// <param name="words">The placeholder tokens.</param>
    /// <param name="options">How captions are used, and whether the last image is held out.</param>
    /// <exception cref="TextualInversionException">
    /// A caption is missing, or does not say what its image shows; a word is in no caption; or captions are not used
    /// alone.
    /// </exception>
    public static void Require(
        IReadOnlyList<TrainingImage> images,
        IReadOnlyList<Placeholder> words,
        TrainOptions options
    )
    {
        var names = words.Select(word => word.Name).ToList();
        var all = string.Join(", ", names);
        if (options.Captions != CaptionUse.Only)
            throw TextualInversionException.ForParameter(
                nameof(TrainOptions.Captions),
                "must be only for words that are trained together: only captions say which of them an image shows."
            );
        foreach (var image in images)
        {
            if (Problem(image, names, all) is { } problem)
                throw new TextualInversionException(problem);
        }

        var (learned, _) = HeldOutImage.Split(images, options);
        var named = learned.SelectMany(image => Captions.WithTokens(images[image].Caption!, names).Tokens).ToHashSet();
        foreach (var name in names.Where(name => !named.Contains(name)))
            throw new TextualInversionException(
                $"No caption of the training images names {name}; write it where it belongs, such as \"a photo of "
                    + $"{string.Join(" and ", names)}\"."
            );
    }

    private static string? Problem(TrainingImage image, List<string> names, string all)
    {
        if (image.Caption is null)
            return $"{image.Path}: has no caption, which says which of {all} it shows; write one into "
                + $"{Captions.PathFor(image.Path)}.";
        var where = Captions.PathFor(image.Path);
        if (PromptTemplates.WithSlots(image.Caption).Contains(PromptTemplates.Slot, StringComparison.Ordinal))
            return $"{where}: {PromptTemplates.Slot} could be any of {all}; write the token instead.";
        return Captions.WithTokens(image.Caption, names).Tokens.Count > 0
            ? null
            : $"{where}: names none of {all}, so the image would teach nothing; write the token, or leave the image "
                + "out.";
    }
}
