using TextualInversion.Data;
using TextualInversion.Training;

namespace TextualInversion.Cli.Train;

/// <summary>Mirroring makes nonsense of writing, and of left and right: where a picture's words speak of them, it is switched off.</summary>
internal static class Mirroring
{
    /// <summary>Why pictures should not be mirrored, as a warning; null where nothing speaks against it.</summary>
    /// <param name="options">of the run</param>
    /// <param name="pictures">with their descriptions</param>
    /// <param name="sentences">the templates</param>
    /// <param name="phrase">what is started from</param>
    public static string? Objection(
        TrainOptions options,
        IReadOnlyList<TrainingPicture> pictures,
        IReadOnlyList<string> sentences,
        string phrase
    )
    {
        IEnumerable<(string Where, string Text)> captions =
            options.Captions == CaptionUse.Off
                ? []
                : pictures
                    .Where(picture => picture.Caption is not null)
                    .Select(picture => (Captions.PathBeside(picture.Path), picture.Caption!));
        foreach (
            var (where, text) in captions
                .Append(("the initializer", phrase))
                .Concat(sentences.Select(sentence => ("the templates", sentence)))
        )
        {
            if (LeftAndRight.FindWord([text]) is { } word)
                return $"pictures are not mirrored, since {where} says \"{word}\"; say --flip to mirror them all the same";
        }

        return null;
    }
}
