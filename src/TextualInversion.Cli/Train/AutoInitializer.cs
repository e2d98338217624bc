using System.Globalization;
using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.IO;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>
/// <c>train --initializer auto</c>: finds the phrase to start from, prints the best phrases, and saves them in the
/// run's folder, where a resumed run reads them.
/// </summary>
internal static class AutoInitializer
{
    /// <param name="job">The training. Its initializer is not used.</param>
    /// <param name="path">The file of the phrase. A run that is resumed reads it, a new run writes it.</param>
    /// <param name="isResuming">Whether the run is resumed.</param>
    /// <param name="models">Finds the CLIP model that ranks words.</param>
    /// <param name="messages">Receives the progress and the phrases.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="TextualInversionException">
    /// The vocabulary has no words, or the file cannot be read or written.
    /// </exception>
    public static async Task<InitialEmbedding> RunAsync(
        TrainingJob job,
        string path,
        bool isResuming,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var found =
            isResuming && File.Exists(path) ? Read(path) : await SearchAsync(job, models, messages, cancellationToken);
        AtomicFile.WriteText(path, overwrite: true, JsonOutput.Serialize(found) + "\n");
        Show(found, messages);
        return InitialEmbedding.Of(found, job.Request.Options, job.Model.Network);
    }

    /// <summary>Finds the phrase.</summary>
    /// <param name="job">The training, with any start.</param>
    /// <param name="models">Finds the CLIP model that ranks words.</param>
    /// <param name="messages">Receives the progress.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="TextualInversionException">
    /// The vocabulary has no words, or the CLIP model is not found.
    /// </exception>
    public static async Task<FoundPhrase> SearchAsync(
        TrainingJob job,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var model = job.Model;
        var search = new PhraseSearch(model.Network, model.Noise, job.Concept, job.Setup.Options);
        var named = job.Setup.Options.Clip;
        if (search.TriesAllWords && named is not null)
            messages.Warn($"--clip-model {named} is not used, since the search tries all words of the vocabulary");
        var clip =
            search.TriesAllWords || !ClipFinder.IsNamedOrOwn(named, model.Files)
                ? null
                : await models.FindClipAsync(named, model.Files, messages, cancellationToken);
        var ranked = clip is null ? null : RankWords(job, clip, messages, cancellationToken);
        messages.Info(
            "searching for the phrase to start from, which takes at most as long as "
                + $"{search.LargestCostInSteps} training steps"
        );
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "example");
        var progress = new SynchronousProgress<int>(judged => display.Show(judged, search.LargestCost, ""));
        return search.Run(progress, ranked, cancellationToken);
    }

    /// <summary>Shows the phrase as it grew, and the next best ones.</summary>
    public static void Show(FoundPhrase found, ConsoleLog messages)
    {
        if (found.Shown is { } shown)
        {
            var words = shown.Select(word => word.Length > 0 ? word : "not known");
            messages.Info($"what the images show: {string.Join(", ", words)}");
        }

        messages.Info("the phrase that explains the images best, and its loss relative to an empty prompt:");
        foreach (var stage in found.Stages)
            messages.Info(Describe(stage));
        if (found.RunnersUp.Count > 0)
            messages.Info("the next best:");
        foreach (var other in found.RunnersUp)
            messages.Info(Describe(other));
    }

    private static IReadOnlyList<RankedWord> RankWords(
        TrainingJob job,
        string clipFolder,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var network = job.Model.Network;
        var words = network.Tokenizers[0].Words().Count;
        messages.Info($"ranking {words} words with {clipFolder}");
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "word");
        var progress = new SynchronousProgress<int>(ranked => display.Show(ranked, words, ""));
        return ClipWordRanking.Rank(clipFolder, network, job.Setup.Images, progress, cancellationToken);
    }

    private static string Describe(RankedPhrase phrase) =>
        string.Create(CultureInfo.InvariantCulture, $"  {phrase.RelativeLoss:F3}  {phrase.Words}");

    private static FoundPhrase Read(string path)
    {
        SpecialFile.Refuse(path);
        try
        {
            return JsonOutput.Deserialize<FoundPhrase>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is JsonException or FileNotFoundException)
        {
            throw new TextualInversionException(
                $"{path}: does not hold the phrase that was found when the run began ({error.Message.TrimEnd('.')}); "
                    + "delete it, and the search is repeated.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(path, error);
        }
    }
}
