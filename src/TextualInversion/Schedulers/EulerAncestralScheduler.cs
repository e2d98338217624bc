using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>Euler's method that steps below the next sigma and adds noise up to it (ancestral sampling, Song et al. 2021b, appendix F).</summary>
public sealed class EulerAncestralScheduler : ISampler
{
    private readonly SigmaSteps sigmas;

    /// <exception cref="TextualInversionException">The number of steps is out of range.</exception>
    public EulerAncestralScheduler(SchedulerConfig config, int steps) => sigmas = new SigmaSteps(config, steps, karras: false);

    public IReadOnlyList<double> Timesteps => sigmas.Timesteps;

    public double InitNoiseSigma => sigmas.InitNoiseSigma;

    public Tensor ScaleModelInput(Tensor sample, int step) => sigmas.ScaleModelInput(sample, step);

    public Tensor Step(Tensor prediction, int step, Tensor sample, Func<Tensor> noise)
    {
        using var scope = NewDisposeScope();
        double from = sigmas.Levels[step], to = sigmas.Levels[step + 1];
        var up = Math.Sqrt(to * to * (from * from - to * to) / (from * from));
        var down = Math.Sqrt(to * to - up * up);
        var next = sample + sigmas.Derivative(prediction, step, sample) * (down - from);
        return (next + noise() * up).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
    }
}
