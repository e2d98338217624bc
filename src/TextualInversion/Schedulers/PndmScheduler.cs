using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Pseudo linear multistep (PLMS): arXiv 2202.09778, section 3.3 and eq. 9. It combines three earlier predictions. A
/// run begins with three Runge-Kutta steps of four model calls each (eq. 13) or, if the folder sets
/// <c>skip_prk_steps</c>, with fewer predictions, where the first step is repeated with the mean of two. Equal to
/// diffusers' <c>PNDMScheduler</c>.
/// </summary>
internal sealed class PndmScheduler : ISampler
{
    /// <summary>
    /// Adams-Bashforth weights of the latest predictions, newest first, by how many there are (eq. 12).
    /// </summary>
    private static readonly double[][] Weights =
    [
        [1],
        [3.0 / 2, -1.0 / 2],
        [23.0 / 12, -16.0 / 12, 5.0 / 12],
        [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
    ];

    /// <summary>The weights of the four predictions of a Runge-Kutta step (eq. 13).</summary>
    private static readonly double[] RungeKuttaWeights = [1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6];

    private readonly NoiseSchedule schedule;
    private readonly int[] timesteps;
    private readonly int stride;
    private readonly double finalAlphaCumprod;
    private readonly History modelOutputs;
    private readonly History beginning = new(1); // the sample at the beginning of a step of several calls
    private readonly History average = new(1); // of the predictions of a Runge-Kutta step so far
    private readonly int rungeKuttaCalls;

    /// <exception cref="TextualInversionException"><paramref name="steps"/> is out of range.</exception>
    public PndmScheduler(SchedulerConfig config, int steps)
    {
        // Diffusers' PNDM ignores this option
        schedule = new NoiseSchedule(config with { RescaleBetasZeroSnr = false });
        var once = TimestepGrid.DescendingLeading(config, steps);
        stride = config.NumTrainTimesteps / steps;
        rungeKuttaCalls = config.SkipPrkSteps ? 0 : 3 * RungeKuttaWeights.Length;
        timesteps = config.SkipPrkSteps
            ? (steps == 1 ? once : [once[0], once[1], .. once[1..]])
            : WithRungeKutta(once, stride / 2, config.Source);
        modelOutputs = new History(Weights.Length, CallsPerStep);
        Timesteps = Array.ConvertAll(timesteps, timestep => (float)timestep);
        finalAlphaCumprod = config.SetAlphaToOne ?? false ? 1 : schedule.AlphasCumprod[0];
    }

    public IReadOnlyList<float> Timesteps { get; }

    public int CallsPerStep => rungeKuttaCalls == 0 ? 1 : RungeKuttaWeights.Length;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) =>
        schedule.LevelAt(timesteps[stepIndex]).Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        var call = modelOutputs.Enter(stepIndex);
        using var scope = NewDisposeScope();
        if (stepIndex < rungeKuttaCalls)
            return RungeKutta(modelOutput, stepIndex, sample).MoveToOuterDisposeScope();
        var timestep = timesteps[stepIndex];
        if (call == 1 && rungeKuttaCalls == 0)
        {
            var mean = modelOutput.Plus(modelOutputs[0]).DividedBy(2);
            return Transfer(beginning[0], mean, timestep + stride, timestep).MoveToOuterDisposeScope();
        }

        if (call == 0)
            beginning.Add(sample);
        modelOutputs.Add(modelOutput);
        var weights = Weights[modelOutputs.Count - 1];
        var combined = modelOutputs[0].Times(weights[0]);
        for (var age = 1; age < weights.Length; age++)
            combined = combined.Plus(modelOutputs[age].Times(weights[age]));
        return Transfer(sample, combined, timestep, timestep - stride).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        modelOutputs.Dispose();
        beginning.Dispose();
        average.Dispose();
    }

    /// <summary>
    /// The first timestep, then for each of three steps twice its middle and twice its end, then the other steps.
    /// </summary>
    private static int[] WithRungeKutta(int[] once, int half, string source)
    {
        if (once.Length < 4)
            throw new TextualInversionException(
                $"{once.Length} steps are too few for the sampler PLMS, which begins with three Runge-Kutta steps "
                    + $"since {source} does not set skip_prk_steps; take at least 4."
            );
        var three = once[1..4].SelectMany(timestep => new[] { timestep + half, timestep + half, timestep, timestep });
        return [once[0], .. three, .. once[4..]];
    }

    /// <summary>
    /// One of the four calls of a Runge-Kutta step: at its beginning, twice in its middle and at its end.
    /// </summary>
    private Tensor RungeKutta(Tensor modelOutput, int stepIndex, Tensor sample)
    {
        var call = stepIndex % RungeKuttaWeights.Length;
        var weighted = modelOutput.Times(RungeKuttaWeights[call]);
        if (call > 0)
            weighted = weighted.Plus(average[0]);
        average.Add(weighted);
        if (call == 0)
        {
            beginning.Add(sample);
            modelOutputs.Add(modelOutput);
        }

        var to = timesteps[stepIndex] - (call % 2 == 0 ? stride / 2 : 0);
        return Transfer(beginning[0], call == 3 ? weighted : modelOutput, timesteps[stepIndex - call], to);
    }

    /// <summary>
    /// The transfer part (eq. 9): moves the sample (B, C, h, w) from one timestep to another along a prediction.
    /// </summary>
    private Tensor Transfer(Tensor sample, Tensor modelOutput, int from, int to)
    {
        double alpha = schedule.AlphasCumprod[from],
            nextAlpha = to >= 0 ? schedule.AlphasCumprod[to] : finalAlphaCumprod;
        var noise = schedule.LevelAt(from).Noise(schedule.Config.PredictionType, modelOutput, sample);
        var denominator = (alpha * Math.Sqrt(1 - nextAlpha)) + Math.Sqrt(alpha * (1 - alpha) * nextAlpha);
        return sample.Times(Math.Sqrt(nextAlpha / alpha)) - noise.Times((nextAlpha - alpha) / denominator);
    }
}
