using TextualInversion.Data;

namespace TextualInversion.Training.Data;

/// <summary>
/// Holds out the last image: it is not trained on, and its validation loss shows whether the embedding generalizes.
/// </summary>
internal static class HeldOutImage
{
    private const int Enough = 5,
        Fewest = 2;

    /// <summary>
    /// The numbers of the training images, and the number of the held-out image or null if none is held out.
    /// </summary>
    internal static (IReadOnlyList<int> Learned, int? HeldOut) Split(
        IReadOnlyList<TrainingImage> images,
        TrainOptions options
    ) =>
        options.HoldOut
            ? ([.. Enumerable.Range(0, images.Count - 1)], images.Count - 1)
            : ([.. Enumerable.Range(0, images.Count)], null);

    /// <summary>Requires enough images to hold one out: five, or two if every image has a caption.</summary>
    /// <exception cref="TextualInversionException">There are too few images.</exception>
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
