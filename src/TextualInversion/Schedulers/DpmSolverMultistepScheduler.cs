using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// DPM-Solver++ with the predictions of earlier steps: arXiv 2211.01095, algorithm 2 and its appendix for the third
/// order. With <see cref="SchedulerConfig.IsStochastic"/> the reverse stochastic equation instead, whose exponentials
/// run twice as fast and which adds fresh noise (SDE-DPM-Solver++, section 5). Equal to diffusers'
/// <c>DPMSolverMultistepScheduler</c>.
/// </summary>
internal sealed class DpmSolverMultistepScheduler : ISampler
{
    private readonly SchedulerConfig config;
    private readonly SolverGrid grid;
    private readonly History originals; // x_theta of the latest steps

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public DpmSolverMultistepScheduler(SchedulerConfig config, int steps)
    {
        var name = config.IsStochastic ? "DPM++ 2M SDE" : "DPM++ 2M";
        config.RequirePlusPlus(name);
        config.Require(name, "solver_order", config.IsStochastic ? ["1", "2"] : ["1", "2", "3"]);
        this.config = config;
        grid = new SolverGrid(name, config, steps, config.FinalSigma);
        originals = new History(config.SolverOrder);
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid[stepIndex].Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        originals.Enter(stepIndex);
        using var scope = NewDisposeScope();
        originals.Add(grid.Original(modelOutput, stepIndex, sample));
        var (from, to) = (grid[stepIndex], grid[stepIndex + 1]);
        var h = to.Lambda - from.Lambda; // infinite at a last step that ends at zero
        var kept = to.Sigma / from.Sigma * (config.IsStochastic ? Math.Exp(-h) : 1);
        var next = sample.Times(kept).Plus(Integral(stepIndex, to.Alpha, h));
        if (config.IsStochastic)
        {
            var deviation = to.Sigma * Math.Sqrt(1 - Math.Exp(-2 * h));
            next = next.Plus(FreshNoise.Like(sample, generator).Times(deviation));
        }

        return next.MoveToOuterDisposeScope();
    }

    public void Dispose() => originals.Dispose();

    /// <summary>The step's integral over x_theta, expanded to the order that the step has (B, C, h, w).</summary>
    private Tensor Integral(int stepIndex, double alpha, double h)
    {
        var width = config.IsStochastic ? 2 * h : h;
        var constant = alpha * (1 - Math.Exp(-width));
        var order = Order(stepIndex);
        if (order == 1 || h == 0)
            return originals[0].Times(constant); // without width where Karras's levels end at sigma_min
        var linear = alpha - (constant / width);
        var ratio = Width(stepIndex - 1) / h; // r_0
        var slope = (originals[0] - originals[1]).DividedBy(ratio);
        if (order == 2)
        {
            var weight = config.SolverType == SolverType.Heun ? linear : constant / 2;
            return originals[0].Times(constant).Plus(slope.Times(weight));
        }

        var earlierRatio = Width(stepIndex - 2) / h;
        var bend = (slope - (originals[1] - originals[2]).DividedBy(earlierRatio)).DividedBy(ratio + earlierRatio);
        var quadratic = (constant / (h * h)) - (alpha / h) + (alpha / 2);
        return originals[0]
            .Times(constant)
            .Plus(slope.Plus(bend.Times(ratio)).Times(linear))
            .Plus(bend.Times(quadratic));
    }

    private double Width(int step) => grid[step + 1].Lambda - grid[step].Lambda;

    /// <summary>Lower while few predictions are known, and at the end of short runs.</summary>
    private int Order(int stepIndex)
    {
        const int ShortRun = 15;
        var remaining = Timesteps.Count - stepIndex;
        var isLowered = (config.LowerOrderFinal ?? true) && Timesteps.Count < ShortRun;
        if (remaining == 1 && (isLowered || config.EulerAtFinal || config.FinalSigma == FinalSigma.Zero))
            return 1;
        return Math.Min(originals.Count, isLowered ? remaining : config.SolverOrder);
    }
}
