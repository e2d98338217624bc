using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using static TextualInversion.Cli.Train.Options.TrainOption;

namespace TextualInversion.Cli.Train.Options;

/// <summary>The options of timesteps, noise and the loss, as <see cref="TrainOptions"/>.</summary>
internal sealed class LossOptions
{
    private readonly Option<TimestepSampling> timesteps = Choice(
        "--timesteps",
        "stratified|uniform",
        "Timestep sampling: stratified spreads timesteps evenly over the run, so that the loss varies less; "
            + "uniform draws each independently, as in the paper.",
        options => options.Timesteps
    );
    private readonly Option<int> minTimestep = Number(
        "--min-timestep",
        "N",
        "Smallest timestep to draw, 0 or more. Higher leaves out those with little noise: less detail is learned.",
        options => options.MinTimestep
    );
    private readonly OptionalNumberOption<int> maxTimestep = new("--max-timestep")
    {
        HelpName = "N",
        Description =
            "End of the timesteps to draw, exclusive: above --min-timestep, at most the model's number of timesteps. "
            + "Lower leaves out the noisiest: less of layout and colors is learned. Default: the model's number, "
            + "usually 1000.",
    };
    private readonly Option<LossType> lossType = Choice(
        "--loss-type",
        "l2|huber",
        "Loss of each predicted value: l2 is the squared error; huber (pseudo-Huber) grows linearly for large errors. "
            + "Outliers then count less: flaws of single images, but also what only one image shows. Validation "
            + "measures the squared error in any case.",
        options => options.LossType
    );
    private readonly Option<double> huberC = Number(
        "--huber-c",
        "X",
        "For --loss-type huber: the size from which an error counts linearly, typically 0.01 to 1. Smaller ignores "
            + "outliers more.",
        options => options.HuberC
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

    public Option[] All =>
        [timesteps, minTimestep, maxTimestep, lossType, huberC, lossWeight, snrGamma, noiseOffset, antithetic];

    /// <param name="parsed">The parsed command line.</param>
    /// <param name="options">The values of options that are not given.</param>
    public TrainOptions Apply(ParseResult parsed, TrainOptions options) =>
        options with
        {
            Timesteps = parsed.ValueOr(timesteps, options.Timesteps),
            MinTimestep = parsed.ValueOr(minTimestep, options.MinTimestep),
            MaxTimestep = parsed.ValueOr(maxTimestep, options.MaxTimestep),
            LossType = parsed.ValueOr(lossType, options.LossType),
            HuberC = parsed.ValueOr(huberC, options.HuberC),
            LossWeighting = Weighting(parsed, options),
            SnrGamma = parsed.ValueOr(snrGamma, options.SnrGamma),
            NoiseOffset = parsed.ValueOr(noiseOffset, options.NoiseOffset),
            Antithetic = parsed.ValueOr(antithetic, options.Antithetic),
        };

    private LossWeighting Weighting(ParseResult parsed, TrainOptions options)
    {
        if (!parsed.IsGiven(lossWeight))
            return parsed.IsGiven(snrGamma) ? LossWeighting.MinSnr : options.LossWeighting;
        var weight = parsed.GetValue(lossWeight);
        return parsed.IsGiven(snrGamma) && weight != LossWeighting.MinSnr
            ? throw new UsageException(
                $"{snrGamma.Name}: belongs to {lossWeight.Name} minsnr; say that, or leave it out."
            )
            : weight;
    }
}
