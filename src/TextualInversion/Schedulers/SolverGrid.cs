using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// The noise levels of a run of the solvers that work in lambda, half the log of the signal-to-noise ratio (DPM-Solver,
/// arXiv 2206.00927, and its successors). The sample's variance is preserved.
/// </summary>
internal sealed class SolverGrid
{
    private readonly PredictionType predictionType;
    private readonly NoiseLevel[] levels; // (steps + 1)

    /// <param name="sampler">The sampler's name, for messages.</param>
    /// <param name="config">The folder's settings.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="final">The noise level at which the last step ends.</param>
    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for an option that these solvers do not have.
    /// </exception>
    public SolverGrid(string sampler, SchedulerConfig config, int steps, FinalSigma final)
    {
        Require(sampler, config);
        predictionType = config.PredictionType;
        var spacing = config.TimestepSpacing ?? TimestepSpacing.Linspace;
        var whole = TimestepGrid.DescendingWhole(config, steps, spacing, points: steps + 1);
        Timesteps = Array.ConvertAll(whole, timestep => (float)timestep);
        var training = Sigmas.OfTraining(new NoiseSchedule(config));
        var sigmas = Array.ConvertAll(whole, timestep => (double)training[timestep]);
        if (config.UseKarrasSigmas)
        {
            sigmas = Sigmas.Karras(training[^1], training[0], steps);
            Timesteps = Array.ConvertAll(sigmas, sigma => (float)Math.Round(Sigmas.TimestepAt(training, sigma)));
        }

        // The higher orders divide by the difference of two levels.
        if (sigmas.Zip(sigmas.Skip(1)).Any(pair => pair.First <= pair.Second))
        {
            throw new TextualInversionException(
                $"{steps} steps are more than {sampler} can place on {config.NumTrainTimesteps} timesteps: take fewer."
            );
        }

        var last =
            final == FinalSigma.Zero ? 0
            : config.UseKarrasSigmas ? sigmas[^1]
            : training[0]; // Karras's levels end there already
        levels = Array.ConvertAll(Sigmas.EndingAt(last, sigmas), sigma => NoiseLevel.OfRatio(sigma));
    }

    public float[] Timesteps { get; }

    /// <summary>The level before a step, or after the last.</summary>
    public NoiseLevel this[int step] => levels[step];

    /// <summary>The clean sample that a model output implies (B, C, h, w).</summary>
    public Tensor Original(Tensor modelOutput, int step, Tensor sample) =>
        levels[step].Original(predictionType, modelOutput, sample);

    /// <summary>The noise that a model output implies (B, C, h, w).</summary>
    public Tensor Noise(Tensor modelOutput, int step, Tensor sample) =>
        levels[step].Noise(predictionType, modelOutput, sample);

    private static void Require(string sampler, SchedulerConfig config)
    {
        config.Require(sampler, "lambda_min_clipped", "-Infinity");
        foreach (
            var key in (string[])
                ["thresholding", "use_lu_lambdas", "use_flow_sigmas", "use_exponential_sigmas", "use_beta_sigmas"]
        )
            config.Require(sampler, key, "false");
    }
}
