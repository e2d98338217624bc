using TextualInversion.Data;

namespace TextualInversion.Training.Data;

/// <summary>
/// An image that is measured and not learned from: its loss tells whether the rows mean more than the other images.
/// </summary>
internal static class HeldOutImage
{
    private const int Enough = 5,
        Fewest = 2;

    /// <summary>The numbers of the images to learn from, and that of the last one where it is held out.</summary>
    internal static (IReadOnlyList<int> Learned, int? HeldOut) Split(
        IReadOnlyList<TrainingImage> images,
        TrainOptions options
    ) =>
        options.HoldOut
            ? ([.. Enumerable.Range(0, images.Count - 1)], images.Count - 1)
            : ([.. Enumerable.Range(0, images.Count)], null);

    /// <exception cref="TextualInversionException">The images are too few to learn from without one: below five, each
    /// needs a description that says what else is in it.</exception>
    public static void Require(IReadOnlyList<TrainingImage> images)
    {
        if (images.Count >= Enough || (images.Count >= Fewest && images.All(image => image.Caption is not null)))
            return;
        throw TextualInversionException.ForParameter(
            nameof(TrainOptions.HoldOut),
            $"needs {Enough} images, or {Fewest} that have captions, and there are {images.Count}; add images, or a "
                + "text file with a caption next to each."
        );
    }
}
