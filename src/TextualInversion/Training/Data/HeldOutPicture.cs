using TextualInversion.Data;

namespace TextualInversion.Training.Data;

/// <summary>A picture that is measured and not learned from: its loss tells whether the rows mean more than the other pictures.</summary>
public static class HeldOutPicture
{
    private const int Enough = 5,
        Fewest = 2;

    /// <summary>The numbers of the pictures to learn from, and that of the last one where it is held out.</summary>
    internal static (IReadOnlyList<int> Learned, int? HeldOut) Split(
        IReadOnlyList<TrainingPicture> pictures,
        TrainOptions options
    ) =>
        options.HoldOut
            ? ([.. Enumerable.Range(0, pictures.Count - 1)], pictures.Count - 1)
            : ([.. Enumerable.Range(0, pictures.Count)], null);

    /// <exception cref="TextualInversionException">The pictures are too few to learn from without one: below five, each needs a description that says what else is in it.</exception>
    public static void Require(IReadOnlyList<TrainingPicture> pictures)
    {
        if (
            pictures.Count >= Enough
            || (pictures.Count >= Fewest && pictures.All(picture => picture.Caption is not null))
        )
            return;
        throw new TextualInversionException(
            $"--hold-out: of {pictures.Count} pictures none can be spared; add some, {Enough} in all, or describe each in a text file beside it."
        );
    }
}
