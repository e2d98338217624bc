using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>How much of the latents and how much noise there is at each timestep of the training (Ho et al. 2020, section 2).</summary>
public sealed class NoiseSchedule
{
    private const double MaxBeta = 0.999; // Nichol and Dhariwal 2021, section 3.2

    private readonly float[] alphasCumprod;

    public NoiseSchedule(SchedulerConfig config)
    {
        PredictionType = config.PredictionType;
        using var scope = NewDisposeScope();
        var betas = Betas(config);
        var products = (1 - (config.RescaleBetasZeroSnr ? WithZeroTerminalSnr(betas) : betas)).cumprod(0);
        alphasCumprod = products.data<float>().ToArray();
    }

    public PredictionType PredictionType { get; }

    /// <summary>The product of (1 - beta) up to and including each timestep, falling from about one. Single precision, as PyTorch computes it.</summary>
    public IReadOnlyList<float> AlphasCumprod => alphasCumprod;

    /// <summary>The number of timesteps, 1,000 in Stable Diffusion.</summary>
    public int Timesteps => alphasCumprod.Length;

    /// <summary>Latents at the given timesteps (Ho et al. 2020, eq. 4): sqrt(a) x + sqrt(1 - a) noise.</summary>
    /// <param name="latents">(B, …)</param>
    /// <param name="noise">of the latents' shape</param>
    /// <param name="timesteps">B whole numbers in [0, <see cref="Timesteps"/>)</param>
    public Tensor AddNoise(Tensor latents, Tensor noise, ReadOnlySpan<long> timesteps)
    {
        using var scope = NewDisposeScope();
        var (signal, spread) = Coefficients(latents, timesteps);
        return (signal * latents + spread * noise).MoveToOuterDisposeScope();
    }

    /// <summary>What the model should predict: the noise, or the velocity sqrt(a) noise - sqrt(1 - a) x (Salimans and Ho 2022, appendix D).</summary>
    /// <inheritdoc cref="AddNoise"/>
    public Tensor Target(Tensor latents, Tensor noise, ReadOnlySpan<long> timesteps)
    {
        if (PredictionType == PredictionType.Epsilon) return noise.alias();
        using var scope = NewDisposeScope();
        var (signal, spread) = Coefficients(latents, timesteps);
        return (signal * noise - spread * latents).MoveToOuterDisposeScope();
    }

    /// <summary>sqrt(a) and sqrt(1 - a), each (B, 1, …) to go with the latents.</summary>
    private (Tensor Signal, Tensor Spread) Coefficients(Tensor latents, ReadOnlySpan<long> timesteps)
    {
        var values = new float[timesteps.Length];
        for (var i = 0; i < values.Length; i++) values[i] = alphasCumprod[timesteps[i]];
        var shape = Enumerable.Repeat(1L, (int)latents.dim()).ToArray();
        shape[0] = values.Length;
        var alphas = tensor(values, device: latents.device).view(shape); // (B, 1, …)
        return (alphas.sqrt(), (1 - alphas).sqrt());
    }

    private static Tensor Betas(SchedulerConfig config) => config.BetaSchedule switch
    {
        BetaSchedule.Linear => linspace(config.BetaStart, config.BetaEnd, config.NumTrainTimesteps, ScalarType.Float32),
        BetaSchedule.ScaledLinear => linspace(Math.Sqrt(config.BetaStart), Math.Sqrt(config.BetaEnd), config.NumTrainTimesteps, ScalarType.Float32).square(),
        BetaSchedule.SquaredCosine => SquaredCosine(config.NumTrainTimesteps),
        _ => throw new ArgumentOutOfRangeException(nameof(config)),
    };

    private static Tensor SquaredCosine(int timesteps)
    {
        static double Product(double time) => Math.Pow(Math.Cos((time + 0.008) / 1.008 * Math.PI / 2), 2);
        return tensor(Enumerable.Range(0, timesteps)
            .Select(i => (float)Math.Min(1 - Product((i + 1.0) / timesteps) / Product((double)i / timesteps), MaxBeta)).ToArray());
    }

    /// <summary>Lin et al. 2024, algorithm 1: shifts and scales sqrt(a) so that it ends at zero and starts where it was.</summary>
    private static Tensor WithZeroTerminalSnr(Tensor betas)
    {
        var roots = (1 - betas).cumprod(0).sqrt();
        Tensor first = roots[0], last = roots[^1];
        var products = ((roots - last) * (first / (first - last))).square();
        var alphas = cat([products[..1], products[1..] / products[..^1]]);
        return 1 - alphas;
    }
}
