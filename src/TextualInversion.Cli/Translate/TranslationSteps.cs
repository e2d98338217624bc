using System.Globalization;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Cli.Terminal;
using TextualInversion.Cli.Train;
using TextualInversion.Cli.Train.Listeners;
using TextualInversion.Embeddings;
using TextualInversion.Training;

namespace TextualInversion.Cli.Translate;

/// <summary>What steps on images made of a translated embedding.</summary>
/// <param name="Steps">The steps that were taken.</param>
/// <param name="BestStep">The step whose vectors are the result; 0 for those of the translation.</param>
/// <param name="End">Why the training ended.</param>
/// <param name="Validation">The validation losses; the initial one is that of the translation.</param>
/// <param name="BaseWeights">The hashes of the new model's networks before and after.</param>
internal sealed record StepsTaken(
    int Steps,
    int BestStep,
    TrainingEnd End,
    ValidationSummary? Validation,
    IReadOnlyDictionary<string, FrozenHash> BaseWeights
);

/// <summary>Trains a translated embedding on images, with the new model. Nothing but the embedding is kept.</summary>
internal static class TranslationSteps
{
    /// <summary>Trains.</summary>
    /// <param name="request">The training, which starts from the translated vectors.</param>
    /// <param name="translated">The translated embedding.</param>
    /// <param name="models">Finds the model.</param>
    /// <param name="messages">Receives progress and warnings.</param>
    /// <param name="cancellationToken">Ends it. The best vectors so far are the result.</param>
    /// <returns>The embedding, which the caller disposes of, and what was done.</returns>
    /// <exception cref="TextualInversionException">
    /// Something is missing or cannot be used, memory runs out, or nothing can be learned.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled before the training began.</exception>
    public static async Task<(LearnedEmbedding Embedding, StepsTaken Taken)> RunAsync(
        TrainRequest request,
        LearnedEmbedding translated,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        using var model = await TrainModel.OpenAsync(request, concepts: 1, models, messages, cancellationToken);
        using var job = TrainingJob.Prepare(request, model, models.LatentCache, messages, cancellationToken);
        job.Setup.LogSummary(messages);
        using var result = Train(job, messages, cancellationToken);
        result.RequireGradient(job.Setup.Names);
        var taken = new StepsTaken(result.Steps, result.BestStep, result.End, result.Validation, result.FrozenWeights);
        return (Embedding(job.Setup, result, translated), taken);
    }

    /// <summary>Says how the training ended.</summary>
    /// <exception cref="TextualInversionException">It diverged.</exception>
    public static void Report(StepsTaken taken, ConsoleLog messages)
    {
        if (taken.Validation is { } loss)
        {
            messages.Info(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"validation loss: {loss.WithoutPrompts:F4} with an empty prompt, {loss.Initial:F4} with the "
                        + $"translation, {loss.Best:F4} with the best vectors (step {taken.BestStep})"
                )
            );
            if (taken.End != TrainingEnd.Cancelled && ValidationWarning.Of(loss) is { } warning)
                messages.Warn($"{warning}.");
        }

        if (taken.End == TrainingEnd.Diverged)
            throw new TextualInversionException(
                $"Training diverged after step {taken.Steps} (NaN or infinity); the best vectors so far were saved."
            );
        messages.Info(
            taken.End switch
            {
                TrainingEnd.Cancelled => $"canceled after {taken.Steps} steps; the best vectors so far were saved",
                TrainingEnd.StoppedEarly => $"done: no longer improving after {taken.Steps} steps",
                _ => "done",
            }
        );
    }

    private static TrainerResult Train(TrainingJob job, ConsoleLog messages, CancellationToken cancellationToken)
    {
        using var display = new StepDisplay(messages);
        var options = job.Setup.Options;
        try
        {
            return new Trainer(job.Model.Network, job.Model.Noise, options).Run(
                job.Concept,
                resumeFrom: null,
                save: _ => { },
                new SynchronousProgress<TrainProgress>(display.OnStepCompleted),
                cancellationToken
            );
        }
        catch (InsufficientMemoryException error)
        {
            throw new TextualInversionException(
                $"Memory ran out with images of {options.Resolution} pixels and --batch {options.BatchSize}. Close "
                    + "other programs, choose a smaller --batch, or translate without --images and train with ti train "
                    + "--initializer FILE, which has a smaller --resolution and --precision.",
                error
            );
        }
    }

    /// <summary>The best embedding, which says where it comes from.</summary>
    private static LearnedEmbedding Embedding(TrainSetup setup, TrainerResult result, LearnedEmbedding translated)
    {
        var trained = setup.Embeddings(result.Rows, result.HashesBefore, result.BestStep)[0];
        var provenance = new Dictionary<string, string>(trained.Provenance);
        foreach (var (key, value) in EmbeddingTranslator.Origin(translated.Provenance))
            provenance[key] = value;
        var rows = trained.Rows.Select(rows => rows.clone()); // those of trained share the result's memory
        return trained with { Rows = [.. rows], Provenance = provenance };
    }
}
