using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.IO;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary><c>train --initializer auto</c>: finds the word to start from, shows the best ones, and keeps them in the run's folder for a run that goes on.</summary>
internal static class AutoInitializer
{
    /// <param name="model">loaded</param>
    /// <param name="setup">with any start</param>
    /// <param name="images">encoded</param>
    /// <param name="path">of the words that were found when the run began; they are taken where the run goes on, and written where it begins</param>
    /// <param name="isResuming">whether the run goes on</param>
    /// <param name="messages">told of the search</param>
    /// <param name="cancellationToken">stops the search</param>
    /// <exception cref="TextualInversionException">The vocabulary has no words, or a file is none of these or cannot be written.</exception>
    public static InitialEmbedding Run(
        TrainModel model,
        TrainSetup setup,
        LatentDataset images,
        string path,
        bool isResuming,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var found =
            isResuming && File.Exists(path) ? Read(path) : Search(model, setup, images, messages, cancellationToken);
        AtomicFile.WriteText(path, overwrite: true, JsonOutput.Serialize(found) + "\n");
        messages.Info("the words that explain the images best, with their validation loss:");
        foreach (var word in found)
            messages.Info(string.Create(CultureInfo.InvariantCulture, $"  {word.Loss:F5}  {word.Word}"));
        return InitialEmbedding.Of(found[0].Word, setup.Options.Vectors, model.Network) with { Found = found };
    }

    private static IReadOnlyList<RankedWord> Search(
        TrainModel model,
        TrainSetup setup,
        LatentDataset images,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var concept = new Concept(setup.Placeholder, setup.Start.Rows, images, setup.Prompts);
        using var search = new InitializerSearch(model.Network, model.Noise, concept, setup.Options);
        messages.Info(
            $"looking for the word to start from, which takes about as long as {search.CostInSteps} steps of training"
        );
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "example");
        var progress = new SynchronousProgress<int>(judged => display.Show(judged, search.Cost, ""));
        return search.Run(setup.Start.Words.Ids[0], progress, cancellationToken);
    }

    private static List<RankedWord> Read(string path)
    {
        try
        {
            return
                JsonSerializer.Deserialize<List<RankedWord>>(File.ReadAllBytes(path), JsonSerializerOptions.Web)
                    is { Count: > 0 } found
                ? found
                : throw new JsonException();
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            throw new TextualInversionException(
                $"{path}: does not hold the words that were found when the run began; delete it, and they are looked for again.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }
}
