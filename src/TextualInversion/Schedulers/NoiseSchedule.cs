using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// The forward process q(x_t | x_0) of denoising diffusion (DDPM, arXiv 2006.11239, eq. 4): the amount of noise at
/// training timestep t. Keeps no tensors; results are on the device of the latents.
/// </summary>
internal sealed class NoiseSchedule
{
    private readonly float[] alphasCumprod;

    /// <exception cref="TextualInversionException">The betas leave no image or no noise at some timestep.</exception>
    public NoiseSchedule(SchedulerConfig config)
    {
        Config = config;
        using var scope = NewDisposeScope();
        var betas = Betas(config);
        if (config.RescaleBetasZeroSnr)
            betas = RescaleZeroTerminalSnr(betas);
        alphasCumprod = betas.SubtractedFrom(1).cumprod(0).data<float>().ToArray();
        RequireImageAndNoise();
    }

    public SchedulerConfig Config { get; }

    /// <summary>
    /// The share of the image's variance that is left at each timestep, in float32 as PyTorch rounds it.
    /// </summary>
    public IReadOnlyList<float> AlphasCumprod => alphasCumprod;

    /// <summary>The latents with the noise of <paramref name="timesteps"/> (DDPM, eq. 4).</summary>
    /// <param name="latents">Scaled latents (B, C, h, w), float32.</param>
    /// <param name="noise">Standard normal noise (B, C, h, w), float32.</param>
    /// <param name="timesteps">
    /// Whole numbers (B) from 0 to <see cref="SchedulerConfig.NumTrainTimesteps"/> - 1, on any device.
    /// </param>
    /// <returns>Noisy latents (B, C, h, w).</returns>
    public Tensor AddNoise(Tensor latents, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (signal, noiseLevel) = Coefficients(latents, timesteps);
        return (signal * latents).Plus(noiseLevel * noise).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The velocity v of arXiv 2202.00512, appendix D; arguments and shape as for <see cref="AddNoise"/>.
    /// </summary>
    public Tensor Velocity(Tensor latents, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (signal, noiseLevel) = Coefficients(latents, timesteps);
        return ((signal * noise) - (noiseLevel * latents)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The U-Net's target for <see cref="SchedulerConfig.PredictionType"/>; arguments and shape as for
    /// <see cref="AddNoise"/>.
    /// </summary>
    public Tensor Target(Tensor latents, Tensor noise, Tensor timesteps) =>
        Config.PredictionType switch
        {
            PredictionType.Epsilon => noise.alias(),
            PredictionType.VPrediction => Velocity(latents, noise, timesteps),
            _ => throw new ArgumentOutOfRangeException(
                nameof(timesteps),
                Config.PredictionType,
                "Not a prediction type."
            ),
        };

    internal NoiseLevel LevelAt(int timestep) => NoiseLevel.OfAlphaCumprod(alphasCumprod[timestep]);

    /// <summary>Refuses a run that begins without any image, for a sampler that divides by the image's share.</summary>
    /// <exception cref="TextualInversionException">There is no image, and the model predicts the noise.</exception>
    internal void RequireImageAt(int timestep, string sampler)
    {
        if (Config.PredictionType != PredictionType.Epsilon || alphasCumprod[timestep] != 0)
            return;
        throw new TextualInversionException(
            $"{Config.Source}: rescale_betas_zero_snr leaves no image at timestep {timestep}, from which "
                + $"{sampler} cannot recover one "
                + "by predicting the noise. Choose the sampler Euler, or timestep_spacing leading."
        );
    }

    /// <summary>
    /// Refuses betas that round to all image or all noise; only zero terminal SNR ends without an image.
    /// </summary>
    private void RequireImageAndNoise()
    {
        var usual = Config.RescaleBetasZeroSnr ? alphasCumprod[..^1] : alphasCumprod;
        var timestep = Array.FindIndex(usual, alpha => alpha is not (> 0 and < 1));
        if (timestep >= 0)
            throw new TextualInversionException(
                $"{Config.Source}: num_train_timesteps {Config.NumTrainTimesteps} with beta_start "
                    + $"{Config.BetaStart} and "
                    + $"beta_end {Config.BetaEnd} leave {(usual[timestep] > 0 ? "no noise" : "no image")} at timestep "
                    + $"{timestep}; take the config from the model's page again."
            );
    }

    private (Tensor Signal, Tensor NoiseLevel) Coefficients(Tensor latents, Tensor timesteps)
    {
        var alphas = tensor(alphasCumprod, device: latents.device).index_select(0, timesteps.to(latents.device)); // (B)
        var perImage = alphas.view(-1, 1, 1, 1); // (B, 1, 1, 1)
        return (perImage.sqrt(), perImage.SubtractedFrom(1).sqrt());
    }

    private static Tensor Betas(SchedulerConfig config)
    {
        var count = config.NumTrainTimesteps;
        if (config.TrainedBetas is { } betas)
            return tensor(betas.ToArray());
        return config.BetaSchedule switch
        {
            BetaSchedule.Linear => linspace(config.BetaStart, config.BetaEnd, count, float32),
            BetaSchedule.ScaledLinear => linspace(
                    Math.Sqrt(config.BetaStart),
                    Math.Sqrt(config.BetaEnd),
                    count,
                    float32
                )
                .Squared(),
            BetaSchedule.SquaredCosCapV2 => tensor(SquaredCosine(count)),
            _ => throw new ArgumentOutOfRangeException(nameof(config), config.BetaSchedule, "Not a beta schedule."),
        };
    }

    /// <summary>arXiv 2102.09672, eq. 17 with s = 0.008.</summary>
    private static float[] SquaredCosine(int count)
    {
        const double LargestBeta = 0.999;
        double AlphaCumprod(int timestep) =>
            Math.Pow(Math.Cos(((double)timestep / count + 0.008) / 1.008 * Math.PI / 2), 2);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(t => (float)Math.Min(1 - (AlphaCumprod(t + 1) / AlphaCumprod(t)), LargestBeta)),
        ];
    }

    /// <summary>
    /// arXiv 2305.08891, algorithm 1: shifts sqrt(alphasCumprod) so that it ends at 0 and scales it so that it begins
    /// where it did.
    /// </summary>
    private static Tensor RescaleZeroTerminalSnr(Tensor betas)
    {
        var root = betas.SubtractedFrom(1).cumprod(0).sqrt(); // (T)
        var (first, last) = (root[0], root[-1]);
        var alphasCumprod = ((root - last) * (first / (first - last))).Squared();
        var alphas = cat([alphasCumprod[..1], alphasCumprod[1..] / alphasCumprod[..^1]]); // (T)
        return alphas.SubtractedFrom(1);
    }
}
