using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>
/// <c>train --initializer auto</c>: finds the word to start from, shows the best ones, and keeps them in the run's
/// folder for a run that is resumed.
/// </summary>
internal static class AutoInitializer
{
    /// <param name="job">The training, with any start.</param>
    /// <param name="path">The file of the words. A run that is resumed reads it, a new run writes it.</param>
    /// <param name="isResuming">Whether the run is resumed.</param>
    /// <param name="messages">Receives the progress and the words.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="TextualInversionException">
    /// The vocabulary has no words, or the file cannot be read or written.
    /// </exception>
    public static InitialEmbedding Run(
        TrainingJob job,
        string path,
        bool isResuming,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var found = isResuming && File.Exists(path) ? Read(path) : Search(job, messages, cancellationToken);
        AtomicFile.WriteText(path, overwrite: true, JsonOutput.Serialize(found) + "\n");
        messages.Info("the words that explain the images best, with their validation loss:");
        foreach (var word in found)
            messages.Info(string.Create(CultureInfo.InvariantCulture, $"  {word.Loss:F5}  {word.Word}"));
        var start = InitialEmbedding.Of(found[0].Word, job.Setup.Options.Vectors, job.Model.Network);
        return start with { Found = found };
    }

    private static IReadOnlyList<RankedWord> Search(
        TrainingJob job,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var model = job.Model;
        using var search = new InitializerSearch(model.Network, model.Noise, job.Concept, job.Setup.Options);
        messages.Info(
            $"searching the word to start from, which takes about as long as {search.CostInSteps} training steps"
        );
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "example");
        var progress = new SynchronousProgress<int>(judged => display.Show(judged, search.Cost, ""));
        return search.Run(job.Setup.Start.Words.Ids[0], progress, cancellationToken);
    }

    private static List<RankedWord> Read(string path)
    {
        try
        {
            var found = JsonOutput.Deserialize<List<RankedWord>>(File.ReadAllText(path));
            return found.Count > 0 ? found : throw new JsonException("it is empty");
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            throw new TextualInversionException(
                $"{path}: does not hold the words that were found when the run began ({error.Message.TrimEnd('.')}); "
                    + "delete it, and they are searched again.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }
}
