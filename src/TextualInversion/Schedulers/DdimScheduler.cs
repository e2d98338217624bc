using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>DDIM without added noise (Song et al. 2021, eq. 12 with sigma = 0).</summary>
public sealed class DdimScheduler : ISampler
{
    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly int stride;

    /// <exception cref="TextualInversionException">The number of steps is out of range.</exception>
    public DdimScheduler(SchedulerConfig config, int steps)
    {
        this.config = config;
        schedule = new NoiseSchedule(config);
        Timesteps = [.. TimestepGrid.Spread(config, steps, TimestepSpacing.Leading).Select(timestep => Math.Round(timestep))];
        stride = config.NumTrainTimesteps / steps;
    }

    public IReadOnlyList<double> Timesteps { get; }

    public double InitNoiseSigma => 1;

    public Tensor ScaleModelInput(Tensor sample, int step) => sample.alias();

    public Tensor Step(Tensor prediction, int step, Tensor sample, Func<Tensor> noise)
    {
        using var scope = NewDisposeScope();
        var timestep = (int)Timesteps[step];
        double alpha = schedule.AlphasCumprod[timestep], next = AlphaAt(timestep - stride);
        double signal = Math.Sqrt(alpha), spread = Math.Sqrt(1 - alpha);
        var (original, epsilon) = schedule.PredictionType switch
        {
            PredictionType.Epsilon => ((sample - spread * prediction) / signal, prediction),
            PredictionType.VPrediction => (signal * sample - spread * prediction, signal * prediction + spread * sample),
            _ => throw new ArgumentOutOfRangeException(nameof(prediction)),
        };
        if (config.ClipSample ?? true) original = original.clamp(-1, 1);
        return (Math.Sqrt(next) * original + Math.Sqrt(1 - next) * epsilon).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
    }

    private double AlphaAt(int timestep) => timestep >= 0 ? schedule.AlphasCumprod[timestep] : config.SetAlphaToOne ?? true ? 1 : schedule.AlphasCumprod[0];
}
