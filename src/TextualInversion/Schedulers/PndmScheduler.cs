using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// PNDM's linear multistep part (Liu et al. 2022, eqs. 9 and 12), known as PLMS; the Runge-Kutta start is left out, as every Stable
/// Diffusion folder asks. The first step is taken twice, so the model is called once more than there are steps.
/// </summary>
public sealed class PndmScheduler : ISampler
{
    private const int Order = 4;

    private readonly SchedulerConfig config;
    private readonly NoiseSchedule schedule;
    private readonly int stride;
    private readonly List<Tensor> predictions = []; // the last ones, oldest first
    private Tensor? firstSample;

    /// <exception cref="TextualInversionException">The number of steps is out of range, or the config asks for Runge-Kutta steps.</exception>
    public PndmScheduler(SchedulerConfig config, int steps)
    {
        if (config.SkipPrkSteps == false)
            throw new TextualInversionException("The model's scheduler_config.json asks for PNDM's Runge-Kutta steps (skip_prk_steps false), which are not supported; choose another --sampler, such as ddim.");
        this.config = config;
        schedule = new NoiseSchedule(config);
        var timesteps = TimestepGrid.Spread(config, steps, TimestepSpacing.Leading).Select(timestep => Math.Round(timestep)).ToArray();
        Timesteps = steps == 1 ? timesteps : [timesteps[0], timesteps[1], .. timesteps[1..]];
        stride = config.NumTrainTimesteps / steps;
    }

    public IReadOnlyList<double> Timesteps { get; }

    public double InitNoiseSigma => 1;

    public Tensor ScaleModelInput(Tensor sample, int step) => sample.alias();

    public Tensor Step(Tensor prediction, int step, Tensor sample, Func<Tensor> noise)
    {
        using var scope = NewDisposeScope();
        int timestep = (int)Timesteps[step], next = timestep - stride;
        Tensor combined;
        if (step == 1)
        {
            // The first step again, from where it began, with the mean of the predictions at its two ends (Heun's method).
            (timestep, next) = (timestep + stride, timestep);
            combined = (prediction + predictions[^1]) / 2;
            sample = firstSample!;
        }
        else
        {
            Remember(prediction);
            combined = AdamsBashforth();
            if (step == 0) firstSample = sample.clone().DetachFromDisposeScope();
        }

        return Transfer(sample, combined, timestep, next).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var prediction in predictions) prediction.Dispose();
        predictions.Clear();
        firstSample?.Dispose();
    }

    private void Remember(Tensor prediction)
    {
        predictions.Add(prediction.clone().DetachFromDisposeScope());
        if (predictions.Count <= Order) return;
        predictions[0].Dispose();
        predictions.RemoveAt(0);
    }

    /// <summary>The linear multistep method of as high an order as there are predictions (Liu et al. 2022, eq. 12).</summary>
    private Tensor AdamsBashforth() => predictions.Count switch
    {
        1 => predictions[^1],
        2 => (3 * predictions[^1] - predictions[^2]) / 2,
        3 => (23 * predictions[^1] - 16 * predictions[^2] + 5 * predictions[^3]) / 12,
        _ => (55 * predictions[^1] - 59 * predictions[^2] + 37 * predictions[^3] - 9 * predictions[^4]) / 24,
    };

    /// <summary>Liu et al. 2022, eq. 11.</summary>
    private Tensor Transfer(Tensor sample, Tensor prediction, int timestep, int next)
    {
        double alpha = schedule.AlphasCumprod[timestep], alphaNext = AlphaAt(next);
        var epsilon = schedule.PredictionType switch
        {
            PredictionType.Epsilon => prediction,
            PredictionType.VPrediction => Math.Sqrt(alpha) * prediction + Math.Sqrt(1 - alpha) * sample,
            _ => throw new ArgumentOutOfRangeException(nameof(prediction)),
        };
        var divisor = alpha * Math.Sqrt(1 - alphaNext) + Math.Sqrt(alpha * (1 - alpha) * alphaNext);
        return Math.Sqrt(alphaNext / alpha) * sample - (alphaNext - alpha) / divisor * epsilon;
    }

    private double AlphaAt(int timestep) => timestep >= 0 ? schedule.AlphasCumprod[timestep] : config.SetAlphaToOne ?? false ? 1 : schedule.AlphasCumprod[0];
}
