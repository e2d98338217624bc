using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>Euler's method in sigma (Karras et al. 2022, algorithm 1 without its correction).</summary>
public sealed class EulerScheduler : ISampler
{
    private readonly SigmaSteps sigmas;

    /// <exception cref="TextualInversionException">The number of steps is out of range.</exception>
    public EulerScheduler(SchedulerConfig config, int steps) => sigmas = new SigmaSteps(config, steps, config.UseKarrasSigmas ?? false);

    public IReadOnlyList<double> Timesteps => sigmas.Timesteps;

    public double InitNoiseSigma => sigmas.InitNoiseSigma;

    public Tensor ScaleModelInput(Tensor sample, int step) => sigmas.ScaleModelInput(sample, step);

    public Tensor Step(Tensor prediction, int step, Tensor sample, Func<Tensor> noise)
    {
        using var scope = NewDisposeScope();
        var derivative = sigmas.Derivative(prediction, step, sample);
        return (sample + derivative * (sigmas.Levels[step + 1] - sigmas.Levels[step])).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
    }
}
