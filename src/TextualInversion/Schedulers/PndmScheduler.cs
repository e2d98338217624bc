using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Pseudo linear multistep (PLMS): arXiv 2202.09778, section 3.3 and eq. 9, without the Runge-Kutta steps at the start; in their place the
/// first step is repeated once with the mean of two predictions, so a run makes one model call more than it has steps.
/// Equal to diffusers' <c>PNDMScheduler</c> with <c>skip_prk_steps</c>.
/// </summary>
public sealed class PndmScheduler : ISampler
{
    /// <summary>Adams-Bashforth weights of the latest predictions, newest first, by how many there are (eq. 12).</summary>
    private static readonly double[][] Weights =
    [
        [1],
        [3.0 / 2, -1.0 / 2],
        [23.0 / 12, -16.0 / 12, 5.0 / 12],
        [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
    ];

    private readonly NoiseSchedule schedule;
    private readonly int[] timesteps;
    private readonly int stride;
    private readonly double finalAlphaCumprod;
    private readonly History modelOutputs = new(Weights.Length);
    private readonly History firstSample = new(1);

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range or the folder asks for Runge-Kutta steps.
    /// </exception>
    public PndmScheduler(SchedulerConfig config, int steps)
    {
        if (!config.SkipPrkSteps)
        {
            throw new TextualInversionException(
                $"{config.Source}: skip_prk_steps is false or missing, but the sampler PLMS has no Runge-Kutta steps. "
                + "Choose another sampler, or set skip_prk_steps to true.");
        }

        schedule = new NoiseSchedule(config with { RescaleBetasZeroSnr = false }); // diffusers' PNDM does not know this option
        var once = TimestepGrid.DescendingWhole(config, steps, config.TimestepSpacing ?? TimestepSpacing.Leading, points: steps);
        timesteps = steps == 1 ? once : [once[0], once[1], .. once[1..]];
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        stride = config.NumTrainTimesteps / steps;
        finalAlphaCumprod = config.SetAlphaToOne ?? false ? 1 : schedule.AlphasCumprod[0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => schedule.LevelAt(timesteps[stepIndex]).Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        var call = modelOutputs.Enter(stepIndex);
        using var scope = NewDisposeScope();
        var timestep = timesteps[stepIndex];
        if (call == 1)
        {
            var mean = (modelOutput + modelOutputs[0]) / 2;
            return Transfer(firstSample[0], mean, timestep + stride, timestep).MoveToOuterDisposeScope();
        }

        if (call == 0) firstSample.Add(sample);
        modelOutputs.Add(modelOutput);
        var weights = Weights[modelOutputs.Count - 1];
        var combined = modelOutputs[0] * weights[0];
        for (var age = 1; age < weights.Length; age++) combined = combined + (modelOutputs[age] * weights[age]);
        return Transfer(sample, combined, timestep, timestep - stride).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        modelOutputs.Dispose();
        firstSample.Dispose();
    }

    /// <summary>The transfer part (eq. 9): the sample (B, C, h, w) carried from one timestep to another along a prediction.</summary>
    private Tensor Transfer(Tensor sample, Tensor modelOutput, int from, int to)
    {
        double alpha = schedule.AlphasCumprod[from], nextAlpha = to >= 0 ? schedule.AlphasCumprod[to] : finalAlphaCumprod;
        var noise = schedule.LevelAt(from).Noise(schedule.Config.PredictionType, modelOutput, sample);
        var denominator = (alpha * Math.Sqrt(1 - nextAlpha)) + Math.Sqrt(alpha * (1 - alpha) * nextAlpha);
        return (sample * Math.Sqrt(nextAlpha / alpha)) - (noise * ((nextAlpha - alpha) / denominator));
    }
}
