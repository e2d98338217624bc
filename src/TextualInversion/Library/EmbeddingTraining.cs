using TextualInversion.Evaluation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>A training of the public API: from images and options to a result.</summary>
internal sealed class EmbeddingTraining(StableDiffusionModel model, TrainingImages images, TrainOptions asked)
{
    private TrainOptions wanted = asked; // with the number of vectors of the initializer's file
    private readonly NoiseSchedule schedule = new(model.Scheduler);

    /// <exception cref="TextualInversionException">
    /// An option is wrong, an image cannot be used, or nothing can be learned.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public TrainResult Run(
        IDiffusionModel network,
        string? clipFolder,
        IProgress<TrainProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return Train(network, clipFolder, progress, cancellationToken);
        }
        catch (Exception error) when (OutOfMemory.Is(error))
        {
            var checkpointing = network.UsesGradientCheckpointing
                ? ""
                : $"{nameof(TrainOptions.GradientCheckpointing)}, ";
            throw new TextualInversionException(
                $"Memory ran out while training with {nameof(TrainOptions.BatchSize)} {wanted.BatchSize} at "
                    + $"{wanted.Resolution ?? network.Resolution} pixels; choose {checkpointing}a smaller "
                    + $"{nameof(TrainOptions.BatchSize)} with more {nameof(TrainOptions.GradientAccumulationSteps)}, "
                    + $"a smaller {nameof(TrainOptions.Resolution)}, or {nameof(Precision.Bf16)}.",
                error
            );
        }
    }

    private TrainResult Train(
        IDiffusionModel network,
        string? clipFolder,
        IProgress<TrainProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        wanted.Validate();
        wanted = InitializerFile.WithVectors(wanted);
        var placeholder = RequireToken(network);
        using var given = InitialEmbedding.Read(wanted.Initializer, wanted, network);
        var start = given;
        var plan = CreatePlan(network, placeholder, given.Words.Phrase, cancellationToken);
        using var latents = new LatentDataset(network, plan.Images, plan.Options, cancellationToken);
        using var found = wanted.SearchesInitializer
            ? Search(
                network,
                new Concept(placeholder, given.Rows, latents, plan.Prompts),
                plan,
                clipFolder,
                cancellationToken
            )
            : null;
        if (found is not null)
        {
            (start, plan) = (found, plan.WithInitializer(found));
            placeholder = Placeholder.New(wanted.Token!, found.Vectors);
        }

        var concept = new Concept(placeholder, start.Rows, latents, plan.Prompts);
        var own = OwnWeights.Hashes(network, model.Files);
        using var learned = new Trainer(network, schedule, plan.Options).Run(
            concept,
            resumeFrom: null,
            save: _ => { },
            progress ?? new IgnoredProgress(),
            cancellationToken
        );
        learned.RequireGradient(placeholder.Name);
        return CreateResult(placeholder, start, plan, learned, own);
    }

    private Placeholder RequireToken(IDiffusionModel network)
    {
        if (string.IsNullOrWhiteSpace(wanted.Token))
            throw TextualInversionException.ForParameter(
                nameof(TrainOptions.Token),
                "is missing: name the placeholder token, such as my-cat."
            );
        var placeholder = Placeholder.New(wanted.Token, wanted.VectorCount);
        _ = new PromptTokenizers(network.Tokenizers, [placeholder]); // refuses what the vocabulary already holds
        return placeholder;
    }

    private TrainingPlan CreatePlan(
        IDiffusionModel network,
        Placeholder placeholder,
        string phrase,
        CancellationToken cancellationToken
    )
    {
        var options = wanted with
        {
            Resolution = wanted.Resolution ?? network.Resolution,
            Crop = images.Options.Crop,
            Captions = images.Options.Captions,
            Mask = images.Options.Masks,
        };
        var fitted = images.Fit(options.Resolution.Value, cancellationToken);
        return TrainingPlan.Create(options, fitted, placeholder, phrase, schedule.Config.NumTrainTimesteps);
    }

    private InitialEmbedding Search(
        IDiffusionModel network,
        Concept concept,
        TrainingPlan plan,
        string? clipFolder,
        CancellationToken cancellationToken
    )
    {
        var search = new PhraseSearch(network, schedule, concept, plan.Options);
        var ranked =
            clipFolder is null || search.TriesAllWords
                ? null
                : ClipWordRanking.Rank(clipFolder, network, plan.Images, new Progress<int>(), cancellationToken);
        var found = search.Run(new Progress<int>(), ranked, cancellationToken);
        return InitialEmbedding.Of(found, wanted, network);
    }

    private TrainResult CreateResult(
        Placeholder placeholder,
        InitialEmbedding start,
        TrainingPlan plan,
        TrainerResult learned,
        IReadOnlyDictionary<string, string> own
    )
    {
        var weights = OwnWeights.Replace(learned.HashesBefore, own);
        Embedding EmbeddingOf(IReadOnlyList<Tensor> rows, int steps) =>
            new(
                placeholder.Name,
                [.. rows.Select(RowValues.FromTensor)],
                EmbeddingProvenance.OfTraining(
                    model.Source,
                    weights,
                    start,
                    steps,
                    plan.Options.Seed,
                    Software.Name
                ) with
                {
                    Loras = model.Loras,
                    LoraSha256 = Lora.Hashes(model.Loras),
                }
            );
        return new TrainResult
        {
            Embedding = EmbeddingOf(learned.Rows, learned.BestStep),
            LastEmbedding = EmbeddingOf(learned.LastRows, learned.Steps),
            Initializer = start.File is null ? start.Words.Phrase : null,
            ShownWords = [.. (start.Found?.Shown ?? []).Select(word => word.Length > 0 ? word : null)],
            Steps = learned.Steps,
            BestStep = learned.BestStep,
            Loss = learned.Loss,
            Validation =
            [
                .. learned.Validations.Select(point => new ValidationPoint(
                    point.Step,
                    point.Loss,
                    point.RelativeLoss,
                    point.HeldOut
                )),
            ],
            End = learned.End,
            BaseWeightHashes = learned.FrozenWeights,
            Warnings = [.. images.Warnings, .. WarningsOf(plan)],
        };
    }

    private static IEnumerable<string> WarningsOf(TrainingPlan plan)
    {
        foreach (var warning in plan.Images.SelectMany(image => image.Warnings))
            yield return warning.ToString();

        if (plan.ReasonNotToFlip is { } reason)
            yield return $"images are not flipped, since {reason}; set {nameof(TrainOptions.ForceFlip)} to flip them "
                + "all the same";
        foreach (var message in plan.Warnings)
            yield return message;
    }

    private sealed class IgnoredProgress : IProgress<TrainProgress>
    {
        public void Report(TrainProgress value) { }
    }
}
