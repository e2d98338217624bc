using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using static TextualInversion.Cli.Train.Options.TrainOption;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that decide what a run learns, as <see cref="TrainOptions"/>.</summary>
internal sealed class LearningOptions
{
    private readonly AutoNumberOption<int> vectors = new("--vectors")
    {
        Description =
            $"Number of embedding vectors to train, 1 to {TrainOptions.MostVectors}. More vectors capture more "
            + "detail, but overfit sooner and leave less room for the rest of the prompt. Default: auto, one for each "
            + $"word that --initializer auto finds, from {TrainOptions.FewestAutoVectors} to "
            + $"{TrainOptions.MostAutoVectors}; as many as an embedding file as --initializer has; "
            + $"{TrainOptions.FewestAutoVectors} with other words.",
    };
    private readonly Option<int> steps = Number(
        "--steps",
        "N",
        "Maximum number of optimizer steps, at least 1. Early stopping (--patience) may end the run sooner.",
        options => options.Steps
    );
    private readonly NumberOption<double> learningRate = new("--learning-rate")
    {
        HelpName = "X",
        Description =
            "Peak learning rate of AdamW, typically 0.001 to 0.01. Too high diverges, too low learns little. For "
            + "--optimizer prodigy it is a factor of the step size. Default: prodigy chooses the step size.",
    };
    private readonly Option<int> searchSteps = Number(
        "--search-steps",
        "N",
        "For --initializer auto and ti describe: how long the search for a phrase may take, as the number of training "
            + "steps that take about as long, at least 1. With fewer steps, fewer words are tried.",
        options => options.SearchSteps
    );
    private readonly PathOption clipModel = new("--clip-model")
    {
        HelpName = "DIR|ID",
        Description =
            "For --initializer auto and ti describe, where the vocabulary is too large to try all words, as Stable "
            + "Diffusion's is: the CLIP model that chooses words by how well they describe the images, a folder or a "
            + $"hub id such as {ClipFinder.Default}. Without one, the gradient of the loss chooses, which is less "
            + "reliable. Default: clip/ in the model's folder, or else none.",
    };
    private readonly Option<int> batch = Number(
        "--batch",
        "N",
        "Batch size: images per forward pass, at least 1. Larger batches give less noisy gradients, and need "
            + "more time and memory per step.",
        options => options.BatchSize
    );
    private readonly Option<int> accumulate = Number(
        "--accumulate",
        "N",
        "Gradient accumulation: forward passes per optimizer step. Like a batch N times as large, with the "
            + "same memory and N times the time.",
        options => options.GradientAccumulationSteps
    );
    private readonly OptionalNumberOption<int> resolution = new("--resolution")
    {
        HelpName = "N",
        Description =
            "Side of the training images in pixels, a multiple of 8, 8 to 4096. Smaller is faster, but far "
            + "from the model's own resolution results get worse. Default: the model's.",
    };
    private readonly ChoiceOption<LearnedProperty> property = new("--property")
    {
        Description =
            "What the images share: an object or a style. Selects the built-in prompt templates. Default: object.",
    };
    private readonly Option<LearningRateSchedule> schedule = Choice(
        "--lr-schedule",
        "constant|linear|cosine",
        "Learning-rate schedule after the warmup; cosine and linear fall to 0 at the last step.",
        options => options.Schedule
    );
    private readonly Option<int> warmup = Number(
        "--warmup",
        "N",
        "Warmup: steps over which the learning rate rises linearly to its peak.",
        options => options.WarmupSteps
    );
    private readonly Option<int> validateEvery = Number(
        "--validate-every",
        "N",
        "Validate every N steps: the loss on the training images with fixed noise and timesteps. The embedding "
            + "whose loss is lowest relative to an empty prompt is kept: the geometric mean of the examples, so that "
            + "all timesteps count alike. 0 disables: the last one is kept, and nothing stops early.",
        options => options.ValidateEvery
    );
    private readonly Option<int> patience = Number(
        "--patience",
        "N",
        "Early stopping: after N validations in a row without improvement, lower the learning rate to 0 over a fifth "
            + "of the steps taken so far, then end the run. 0 disables.",
        options => options.Patience
    );
    private readonly Option<int> saveEvery = Number(
        "--save-every",
        "N",
        "Write a checkpoint of the embedding every N steps: runs/NAME/checkpoints/step-000100.safetensors. 0 disables.",
        options => options.CheckpointInterval
    );
    private readonly LossOptions loss = new();
    private readonly OptimizerOptions optimizer = new();
    private readonly OptionalChoiceOption<Compatibility> compatible = new("--compatible")
    {
        Description =
            "For comparison: the settings of diffusers' textual_inversion.py and its README (1 vector, 3000 steps, "
            + "constant learning rate, no validation). Explicit options override them.",
    };

    public Option[] MostUsed => [vectors, steps, learningRate, batch, accumulate, resolution];

    /// <summary>The cost of the search for a phrase, and the size of its examples.</summary>
    public Option[] Search => [searchSteps, clipModel, batch, resolution];

    public Option<LearnedProperty> Property => property;

    public Option[] Progress => [validateEvery, patience, saveEvery];

    public Option[] Optimization =>
        [searchSteps, clipModel, schedule, warmup, .. loss.All, .. optimizer.All, compatible];

    private enum Compatibility
    {
        Diffusers,
    }

    /// <summary>
    /// The option that sets a property of <see cref="TrainOptions"/>, or null if it is not one of these or bears the
    /// property's name.
    /// </summary>
    public string? NameOf(string property) =>
        property switch
        {
            nameof(TrainOptions.Vectors) => vectors.Name,
            nameof(TrainOptions.Steps) => steps.Name,
            nameof(TrainOptions.LearningRate) => learningRate.Name,
            nameof(TrainOptions.SearchSteps) => searchSteps.Name,
            nameof(TrainOptions.Clip) => clipModel.Name,
            nameof(TrainOptions.BatchSize) => batch.Name,
            nameof(TrainOptions.GradientAccumulationSteps) => accumulate.Name,
            nameof(TrainOptions.Resolution) => resolution.Name,
            nameof(TrainOptions.WarmupSteps) => warmup.Name,
            nameof(TrainOptions.ValidateEvery) => validateEvery.Name,
            nameof(TrainOptions.Patience) => patience.Name,
            nameof(TrainOptions.CheckpointInterval) => saveEvery.Name,
            _ => optimizer.NameOf(property),
        };

    /// <param name="parsed">The parsed command line.</param>
    /// <param name="seed">The run's seed.</param>
    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public TrainOptions Resolve(ParseResult parsed, ulong seed)
    {
        var preset =
            parsed.GetValue(compatible) is Compatibility.Diffusers ? TrainOptions.Diffusers : new TrainOptions();
        if (parsed.IsGiven(learningRate))
            preset = preset with { LearningRate = parsed.GetValue(learningRate) };
        var options = loss.Apply(parsed, optimizer.Apply(parsed, preset));
        if (options.Optimizer == OptimizerKind.Prodigy && !parsed.IsGiven(learningRate))
            options = options with { LearningRate = TrainOptions.DefaultLearningRate(OptimizerKind.Prodigy) };
        return options with
        {
            Vectors = parsed.IsGiven(vectors) ? vectors.Read(parsed) : preset.Vectors,
            Steps = parsed.ValueOr(steps, preset.Steps),
            SearchSteps = parsed.ValueOr(searchSteps, preset.SearchSteps),
            Clip = parsed.GetValue(clipModel),
            BatchSize = parsed.ValueOr(batch, preset.BatchSize),
            GradientAccumulationSteps = parsed.ValueOr(accumulate, preset.GradientAccumulationSteps),
            Resolution = parsed.GetValue(resolution),
            Property = parsed.GetValue(property),
            Schedule = parsed.ValueOr(schedule, preset.Schedule),
            WarmupSteps = parsed.ValueOr(warmup, preset.WarmupSteps),
            ValidateEvery = parsed.ValueOr(validateEvery, preset.ValidateEvery),
            Patience = parsed.ValueOr(patience, preset.Patience),
            CheckpointInterval = parsed.ValueOr(saveEvery, preset.CheckpointInterval),
            Seed = seed,
        };
    }
}
