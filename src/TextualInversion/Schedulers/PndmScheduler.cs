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
    private readonly LinkedList<Tensor> modelOutputs = []; // newest first
    private Tensor? firstSample;
    private int stepsTaken;

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

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        if (stepIndex != stepsTaken) throw new ArgumentException($"Step {stepsTaken} is next, not {stepIndex}.", nameof(stepIndex));
        stepsTaken++;
        using var scope = NewDisposeScope();
        var timestep = timesteps[stepIndex];
        if (stepIndex == 1)
        {
            var mean = (modelOutput + modelOutputs.First!.Value) / 2;
            return Transfer(firstSample!, mean, timestep + stride, timestep).MoveToOuterDisposeScope();
        }

        if (stepIndex == 0) firstSample = sample.clone().DetachFromDisposeScope();
        Remember(modelOutput);
        var weighted = modelOutputs.Zip(Weights[modelOutputs.Count - 1], (output, weight) => output * weight);
        var combined = weighted.Aggregate((sum, term) => sum + term);
        return Transfer(sample, combined, timestep, timestep - stride).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        firstSample?.Dispose();
        foreach (var modelOutput in modelOutputs) modelOutput.Dispose();
        modelOutputs.Clear();
    }

    private void Remember(Tensor modelOutput)
    {
        modelOutputs.AddFirst(modelOutput.clone().DetachFromDisposeScope());
        if (modelOutputs.Count <= Weights.Length) return;
        modelOutputs.Last!.Value.Dispose();
        modelOutputs.RemoveLast();
    }

    /// <summary>The transfer part (eq. 9): the sample (B, C, h, w) carried from one timestep to another along a prediction.</summary>
    private Tensor Transfer(Tensor sample, Tensor modelOutput, int from, int to)
    {
        double alpha = schedule.AlphasCumprod[from], nextAlpha = to >= 0 ? schedule.AlphasCumprod[to] : finalAlphaCumprod;
        var noise = schedule.Config.PredictionType switch
        {
            PredictionType.Epsilon => modelOutput,
            PredictionType.VPrediction => (modelOutput * Math.Sqrt(alpha)) + (sample * Math.Sqrt(1 - alpha)),
            _ => throw new ArgumentOutOfRangeException(nameof(modelOutput), schedule.Config.PredictionType, "Not a prediction type."),
        };
        var denominator = (alpha * Math.Sqrt(1 - nextAlpha)) + Math.Sqrt(alpha * (1 - alpha) * nextAlpha);
        return (sample * Math.Sqrt(nextAlpha / alpha)) - (noise * ((nextAlpha - alpha) / denominator));
    }
}
