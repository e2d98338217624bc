using System.CommandLine;
using System.Globalization;
using System.Numerics;
using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that decide what a run learns, as <see cref="TrainOptions"/>.</summary>
internal sealed class LearningOptions
{
    private readonly Option<int> vectors = Number(
        "--vectors",
        "N",
        "Number of embedding vectors to train, 1 to 74. More vectors capture more detail, but overfit sooner "
            + "and leave less room for the rest of the prompt.",
        options => options.Vectors
    );
    private readonly Option<int> steps = Number(
        "--steps",
        "N",
        "Maximum number of optimizer steps, at least 1. Early stopping (--patience) may end the run sooner.",
        options => options.Steps
    );
    private readonly Option<double> learningRate = Number(
        "--learning-rate",
        "X",
        "Peak learning rate, typically 0.001 to 0.01. Too high diverges, too low learns little.",
        options => options.LearningRate
    );
    private readonly Option<int> searchSteps = Number(
        "--search-steps",
        "N",
        "For --initializer auto: how long the search may take, as the number of training steps that take about as "
            + "long, at least 1. With fewer steps, fewer words are tried.",
        options => options.SearchSteps
    );
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
    private readonly Option<TimestepSampling> timesteps = Choice(
        "--timesteps",
        "stratified|uniform",
        "Timestep sampling: stratified spreads timesteps evenly over the run, so that the loss varies less; "
            + "uniform draws each independently, as in the paper.",
        options => options.Timesteps
    );
    private readonly Option<int> validateEvery = Number(
        "--validate-every",
        "N",
        "Validate every N steps: the loss on the training images with fixed noise and timesteps. The embedding "
            + "with the lowest loss is kept. 0 disables: the last one is kept, and nothing stops early.",
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
    private readonly Option<OptimizerKind> optimizer = Choice(
        "--optimizer",
        "adamw|direction",
        "Optimizer. direction trains only the direction of each vector and keeps its norm (that of --keep-norm, or "
            + "else the vocabulary's mean norm), so that the rest of the prompt stays more effective. "
            + "--learning-rate is then the step length, and the AdamW options are ignored.",
        options => options.Optimizer
    );
    private readonly Option<double> prior = Number(
        "--prior",
        "X",
        "For --optimizer direction: strength of the pull toward the initial direction, typically 1e-5 to 1e-3. "
            + "Higher stays closer to the initializer; 0 disables.",
        options => options.DirectionPrior
    );
    private readonly Option<NormConstraint> keepNorm = Choice(
        "--keep-norm",
        "none|initializer|vocabulary",
        "Rescale the vectors after each step to the initializer's norm or to the vocabulary's mean norm; none "
            + "leaves them free. A fixed norm keeps the rest of the prompt effective.",
        options => options.KeepNorm
    );
    private readonly Option<double> maxGradientNorm = Number(
        "--max-grad-norm",
        "X",
        "Clip the gradient norm to X (typically 1) to stabilize training; 0 disables.",
        options => options.MaxGradientNorm
    );
    private readonly Option<LossWeighting> lossWeight = Choice(
        "--loss-weight",
        "none|minsnr|debiased",
        "How much the loss of each timestep counts. debiased gives noisy timesteps more weight: they decide layout, "
            + "light and dominant colors. minsnr limits the weight of timesteps with little noise.",
        options => options.LossWeighting
    );
    private readonly Option<double> snrGamma = Number(
        "--snr-gamma",
        "X",
        "Gamma of Min-SNR weighting, above 0. Smaller values give noisy timesteps more weight. Implies "
            + "--loss-weight minsnr.",
        options => options.SnrGamma
    );
    private readonly Option<double> noiseOffset = Number(
        "--noise-offset",
        "X",
        "Noise offset: adds noise that is constant over each channel, so that very dark or bright images are "
            + "learned; typically 0.05 to 0.1, at most 1; 0 disables.",
        options => options.NoiseOffset
    );
    private readonly Option<bool> antithetic = new("--antithetic")
    {
        Description =
            "Antithetic noise: in each pair of images of a batch, the second gets the opposite noise of the first, so "
            + "that gradients are less noisy. Needs an even --batch.",
    };
    private readonly Option<double> ema = Number(
        "--ema",
        "X",
        "EMA decay: the result is an exponential moving average of the vectors; typically 0.95 to 0.99. Higher "
            + "is smoother and lags more; 0 disables.",
        options => options.EmaDecay
    );
    private readonly Option<double> weightDecay = Number(
        "--weight-decay",
        "X",
        "AdamW weight decay, typically 0 to 0.01. It pulls the vectors toward zero.",
        options => options.WeightDecay
    );
    private readonly Option<double[]> betas = Betas();
    private readonly Option<double> epsilon = Number(
        "--epsilon",
        "X",
        "AdamW epsilon, above 0.",
        options => options.Epsilon
    );
    private readonly OptionalChoiceOption<Compatibility> compatible = new("--compatible")
    {
        Description =
            "For comparison: the settings of diffusers' textual_inversion.py and its README (1 vector, 3000 steps, "
            + "constant learning rate, no validation). Explicit options override them.",
    };

    public Option[] MostUsed => [vectors, steps, learningRate, batch, accumulate, resolution];

    public Option<LearnedProperty> Property => property;

    public Option[] Progress => [validateEvery, patience, saveEvery];

    public Option[] Optimization =>
        [
            searchSteps,
            schedule,
            warmup,
            timesteps,
            lossWeight,
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

    private enum Compatibility
    {
        Diffusers,
    }

    /// <summary>
    /// The option that sets a property of <see cref="TrainOptions"/>, or null if it is not one of these.
    /// </summary>
    public string? NameOf(string property) =>
        property switch
        {
            nameof(TrainOptions.Vectors) => vectors.Name,
            nameof(TrainOptions.Steps) => steps.Name,
            nameof(TrainOptions.LearningRate) => learningRate.Name,
            nameof(TrainOptions.SearchSteps) => searchSteps.Name,
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

    /// <param name="parsed">The parsed command line.</param>
    /// <param name="seed">The run's seed.</param>
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
            SearchSteps = Or(searchSteps, preset.SearchSteps),
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
            LossWeighting = Weighting(parsed, preset),
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

    private LossWeighting Weighting(ParseResult parsed, TrainOptions preset)
    {
        if (parsed.GetResult(lossWeight) is { Implicit: false })
            return parsed.GetValue(lossWeight);
        return parsed.GetResult(snrGamma) is { Implicit: false } ? LossWeighting.MinSnr : preset.LossWeighting;
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
            Description = $"{description} Default: {Numbers.Format(standard(new TrainOptions()))}.",
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
                $"AdamW betas. Default: {standard.Beta1},{standard.Beta2}."
            ),
            Count = 2,
            Example = "0.9,0.999",
        };
    }
}
