using System.CommandLine;
using System.Globalization;
using System.Numerics;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that decide what a run learns, as <see cref="TrainOptions"/>.</summary>
internal sealed class LearningOptions
{
    private readonly Option<int> vectors = Number("--vectors", "N", "Rows to learn.", options => options.Vectors);
    private readonly Option<int> steps = Number("--steps", "N", "Optimiser steps.", options => options.Steps);
    private readonly Option<double> learningRate = Number(
        "--learning-rate",
        "X",
        "The largest of the run.",
        options => options.LearningRate
    );
    private readonly Option<int> batch = Number(
        "--batch",
        "N",
        "Images in a forward pass.",
        options => options.BatchSize
    );
    private readonly Option<int> accumulate = Number(
        "--accumulate",
        "N",
        "Forward passes averaged into a step.",
        options => options.GradientAccumulationSteps
    );
    private readonly OptionalNumberOption<int> resolution = new("--resolution")
    {
        HelpName = "N",
        Description = "Side of the images in pixels, a multiple of 8. Default: the model's.",
    };
    private readonly ChoiceOption<LearnedProperty> property = new("--property")
    {
        Description = "What the images share, for the choice of templates. Default: object.",
    };
    private readonly Option<LearningRateSchedule> schedule = Choice(
        "--lr-schedule",
        "constant|linear|cosine",
        "How the learning rate falls.",
        options => options.Schedule
    );
    private readonly Option<int> warmup = Number(
        "--warmup",
        "N",
        "Steps over which the learning rate rises.",
        options => options.WarmupSteps
    );
    private readonly Option<TimestepSampling> timesteps = Choice(
        "--timesteps",
        "stratified|uniform",
        "Timesteps spread evenly over the run, or drawn one by one.",
        options => options.Timesteps
    );
    private readonly Option<int> validateEvery = Number(
        "--validate-every",
        "N",
        "Steps between losses on fixed images, noise and timesteps, by which the best rows are kept; 0 for none.",
        options => options.ValidateEvery
    );
    private readonly Option<int> patience = Number(
        "--patience",
        "N",
        "Validations in a row that may fail to improve before the run is over; 0 to take all steps.",
        options => options.Patience
    );
    private readonly Option<int> saveEvery = Number(
        "--save-every",
        "N",
        "Steps between checkpoints, runs/NAME/checkpoints/step-000100.safetensors; 0 for none.",
        options => options.CheckpointInterval
    );
    private readonly Option<OptimizerKind> optimizer = Choice(
        "--optimizer",
        "adamw|direction",
        "direction: the norm stays and only the direction is learned, each step as long as the learning rate.",
        options => options.Optimizer
    );
    private readonly Option<double> prior = Number(
        "--prior",
        "X",
        "How strongly direction is drawn to where it began.",
        options => options.DirectionPrior
    );
    private readonly Option<NormConstraint> keepNorm = Choice(
        "--keep-norm",
        "none|initializer|vocabulary",
        "The norm that the rows have after each step: the vocabulary's mean, that of the initializer, or what the step gives. direction always keeps one.",
        options => options.KeepNorm
    );
    private readonly Option<double> maxGradientNorm = Number(
        "--max-grad-norm",
        "X",
        "The longest gradient; longer ones are shortened; 0 for no limit.",
        options => options.MaxGradientNorm
    );
    private readonly Option<double> snrGamma = Number(
        "--snr-gamma",
        "X",
        "Min-SNR weighting of the timesteps, 5 in its paper; 0 for none.",
        options => options.SnrGamma
    );
    private readonly Option<double> noiseOffset = Number(
        "--noise-offset",
        "X",
        "Noise on whole channels, for very dark or bright images, 0.05 to 0.1; 0 for none.",
        options => options.NoiseOffset
    );
    private readonly Option<bool> antithetic = new("--antithetic")
    {
        Description =
            "Gives every second image of a batch the noise of the one before with the opposite sign, at the same timestep.",
    };
    private readonly Option<double> ema = Number(
        "--ema",
        "X",
        "Keeps a moving average of the rows in their place: the share of the past in it, 0.95 to 0.99; 0 for none.",
        options => options.EmaDecay
    );
    private readonly Option<double> weightDecay = Number(
        "--weight-decay",
        "X",
        "AdamW's.",
        options => options.WeightDecay
    );
    private readonly Option<double[]> betas = Betas();
    private readonly Option<double> epsilon = Number("--epsilon", "X", "AdamW's.", options => options.Epsilon);
    private readonly OptionalChoiceOption<Compatibility> compatible = new("--compatible")
    {
        Description =
            "Every choice as diffusers' example and its README make it, for comparison; other options still hold.",
    };

    public Option[] MostUsed => [vectors, steps, learningRate, batch, accumulate, resolution];

    public Option<LearnedProperty> Property => property;

    public Option[] Progress => [validateEvery, patience, saveEvery];

    public Option[] Optimisation =>
        [
            schedule,
            warmup,
            timesteps,
            snrGamma,
            noiseOffset,
            antithetic,
            ema,
            optimizer,
            prior,
            keepNorm,
            maxGradientNorm,
            weightDecay,
            betas,
            epsilon,
            compatible,
        ];

    /// <summary>Whether everything that is not said is as in another program.</summary>
    public bool IsCompatible(ParseResult parsed) => parsed.GetValue(compatible) is not null;

    private enum Compatibility
    {
        Diffusers,
    }

    /// <summary>The option that sets a property of <see cref="TrainOptions"/>, or null if it is not one of these.</summary>
    public string? NameOf(string property) =>
        property switch
        {
            nameof(TrainOptions.Vectors) => vectors.Name,
            nameof(TrainOptions.Steps) => steps.Name,
            nameof(TrainOptions.LearningRate) => learningRate.Name,
            nameof(TrainOptions.BatchSize) => batch.Name,
            nameof(TrainOptions.GradientAccumulationSteps) => accumulate.Name,
            nameof(TrainOptions.Resolution) => resolution.Name,
            nameof(TrainOptions.WarmupSteps) => warmup.Name,
            nameof(TrainOptions.ValidateEvery) => validateEvery.Name,
            nameof(TrainOptions.Patience) => patience.Name,
            nameof(TrainOptions.CheckpointInterval) => saveEvery.Name,
            nameof(TrainOptions.DirectionPrior) => prior.Name,
            nameof(TrainOptions.MaxGradientNorm) => maxGradientNorm.Name,
            nameof(TrainOptions.SnrGamma) => snrGamma.Name,
            nameof(TrainOptions.NoiseOffset) => noiseOffset.Name,
            nameof(TrainOptions.EmaDecay) => ema.Name,
            nameof(TrainOptions.WeightDecay) => weightDecay.Name,
            nameof(TrainOptions.Beta1) or nameof(TrainOptions.Beta2) => betas.Name,
            nameof(TrainOptions.Epsilon) => epsilon.Name,
            _ => null,
        };

    /// <param name="parsed">what was typed</param>
    /// <param name="seed">of the run</param>
    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public TrainOptions Resolve(ParseResult parsed, ulong seed)
    {
        var preset =
            parsed.GetValue(compatible) is Compatibility.Diffusers ? TrainOptions.Diffusers : new TrainOptions();
        T Or<T>(Option<T> option, T otherwise) =>
            parsed.GetResult(option) is { Implicit: false } ? parsed.GetValue(option)! : otherwise;
        var moments = Or(betas, [preset.Beta1, preset.Beta2]);
        return preset with
        {
            Vectors = Or(vectors, preset.Vectors),
            Steps = Or(steps, preset.Steps),
            LearningRate = Or(learningRate, preset.LearningRate),
            BatchSize = Or(batch, preset.BatchSize),
            GradientAccumulationSteps = Or(accumulate, preset.GradientAccumulationSteps),
            Resolution = parsed.GetValue(resolution),
            Property = parsed.GetValue(property),
            Schedule = Or(schedule, preset.Schedule),
            WarmupSteps = Or(warmup, preset.WarmupSteps),
            Timesteps = Or(timesteps, preset.Timesteps),
            ValidateEvery = Or(validateEvery, preset.ValidateEvery),
            Patience = Or(patience, preset.Patience),
            CheckpointInterval = Or(saveEvery, preset.CheckpointInterval),
            Optimizer = Or(optimizer, preset.Optimizer),
            DirectionPrior = Or(prior, preset.DirectionPrior),
            KeepNorm = Or(keepNorm, preset.KeepNorm),
            MaxGradientNorm = Or(maxGradientNorm, preset.MaxGradientNorm),
            SnrGamma = Or(snrGamma, preset.SnrGamma),
            NoiseOffset = Or(noiseOffset, preset.NoiseOffset),
            Antithetic = Or(antithetic, preset.Antithetic),
            EmaDecay = Or(ema, preset.EmaDecay),
            WeightDecay = Or(weightDecay, preset.WeightDecay),
            Beta1 = moments[0],
            Beta2 = moments[1],
            Epsilon = Or(epsilon, preset.Epsilon),
            Seed = seed,
        };
    }

    internal static NumberOption<T> Number<T>(
        string name,
        string value,
        string description,
        Func<TrainOptions, T> standard
    )
        where T : struct, INumber<T>, IMinMaxValue<T> =>
        new(name)
        {
            HelpName = value,
            Description =
                $"{description} Default: {standard(new TrainOptions()).ToString(null, CultureInfo.InvariantCulture)}.",
        };

    internal static ChoiceOption<T> Choice<T>(
        string name,
        string values,
        string description,
        Func<TrainOptions, T> standard
    )
        where T : struct, Enum =>
        new(name)
        {
            HelpName = values,
            Description = $"{description} Default: {standard(new TrainOptions()).ToString().ToLowerInvariant()}.",
        };

    private static NumberListOption Betas()
    {
        var standard = new TrainOptions();
        return new NumberListOption("--betas")
        {
            HelpName = "A,B",
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"AdamW's. Default: {standard.Beta1},{standard.Beta2}."
            ),
            Count = 2,
            Example = "0.9,0.999",
        };
    }
}
