using TextualInversion.Data;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>FlipPolicy makes nonsense of writing, and of left and right: where an image's words speak of them, it is switched off.</summary>
internal static class FlipPolicy
{
    /// <summary>Why images should not be mirrored, as a warning; null where nothing speaks against it.</summary>
    /// <param name="options">of the run</param>
    /// <param name="images">with their descriptions</param>
    /// <param name="sentences">the templates</param>
    /// <param name="phrase">what is started from</param>
    public static string? ReasonToDisable(
        TrainOptions options,
        IReadOnlyList<TrainingImage> images,
        IReadOnlyList<string> sentences,
        string phrase
    )
    {
        IEnumerable<(string Where, string Text)> captions =
            options.Captions == CaptionUse.Off
                ? []
                : images
                    .Where(image => image.Caption is not null)
                    .Select(image => (Captions.PathBeside(image.Path), image.Caption!));
        foreach (
            var (where, text) in captions
                .Append(("the initializer", phrase))
                .Concat(sentences.Select(sentence => ("the templates", sentence)))
        )
        {
            if (LeftAndRight.FindWord([text]) is { } word)
                return $"images are not mirrored, since {where} says \"{word}\"; say --flip to mirror them all the same";
        }

        return null;
    }
}
