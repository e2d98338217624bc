using System.CommandLine;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using static TextualInversion.Cli.Train.Options.TrainOption;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options that decide how the vectors follow their gradient, as <see cref="TrainOptions"/>.</summary>
internal sealed class OptimizerOptions
{
    private readonly Option<double> ema = Number(
        "--ema",
        "X",
        "EMA decay: the result is an exponential moving average of the vectors; typically 0.95 to 0.99. Higher "
            + "is smoother and lags more; 0 disables.",
        options => options.EmaDecay
    );
    private readonly ChoiceOption<OptimizerKind> optimizer = new("--optimizer")
    {
        HelpName = "adamw|direction|prodigy",
        Description =
            "Optimizer. prodigy is AdamW that estimates its step size, for each text encoder its own, so there is no "
            + "learning rate to tune. direction trains only the direction of each vector and keeps its norm (that of "
            + "--keep-norm, or else the vocabulary's mean norm), so that the rest of the prompt stays more effective. "
            + "--learning-rate is then the step length, 0.005 if it is not given, and the AdamW options are ignored. "
            + "Default: prodigy, or adamw if --learning-rate is given.",
    };
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
    private readonly Option<double> weightDecay = Number(
        "--weight-decay",
        "X",
        "Weight decay of AdamW and Prodigy, typically 0 to 0.01. It pulls the vectors toward zero.",
        options => options.WeightDecay
    );
    private readonly Option<double[]> betas = Betas();
    private readonly Option<double> epsilon = Number(
        "--epsilon",
        "X",
        "Epsilon of AdamW and Prodigy, above 0.",
        options => options.Epsilon
    );

    public Option[] All => [ema, optimizer, prior, keepNorm, maxGradientNorm, weightDecay, betas, epsilon];

    /// <inheritdoc cref="LearningOptions.NameOf"/>
    public string? NameOf(string property) =>
        property switch
        {
            nameof(TrainOptions.EmaDecay) => ema.Name,
            nameof(TrainOptions.DirectionPrior) => prior.Name,
            nameof(TrainOptions.MaxGradientNorm) => maxGradientNorm.Name,
            nameof(TrainOptions.WeightDecay) => weightDecay.Name,
            nameof(TrainOptions.Beta1) or nameof(TrainOptions.Beta2) => betas.Name,
            nameof(TrainOptions.Epsilon) => epsilon.Name,
            _ => null,
        };

    /// <param name="parsed">The parsed command line.</param>
    /// <param name="options">The values of options that are not given.</param>
    public TrainOptions Apply(ParseResult parsed, TrainOptions options)
    {
        var moments = parsed.ValueOr(betas, [options.Beta1, options.Beta2]);
        return options with
        {
            EmaDecay = parsed.ValueOr(ema, options.EmaDecay),
            Optimizer = parsed.ValueOr(optimizer, options.Optimizer),
            DirectionPrior = parsed.ValueOr(prior, options.DirectionPrior),
            KeepNorm = parsed.ValueOr(keepNorm, options.KeepNorm),
            MaxGradientNorm = parsed.ValueOr(maxGradientNorm, options.MaxGradientNorm),
            WeightDecay = parsed.ValueOr(weightDecay, options.WeightDecay),
            Beta1 = moments[0],
            Beta2 = moments[1],
            Epsilon = parsed.ValueOr(epsilon, options.Epsilon),
        };
    }

    private static NumberListOption Betas()
    {
        var standard = new TrainOptions();
        return new NumberListOption("--betas")
        {
            HelpName = "A,B",
            Description = string.Create(
                CultureInfo.InvariantCulture,
                $"Betas of AdamW and Prodigy. Default: {standard.Beta1},{standard.Beta2}."
            ),
            Count = 2,
            Example = "0.9,0.999",
        };
    }
}
