using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Diffusion exponential integrator sampler: the noise is extrapolated from earlier steps by a polynomial in log(rho),
/// where rho is the ratio of noise to image, and integrated exactly (AB-DEIS, arXiv 2204.13902, section 3). Ends at the
/// noise of timestep 0. Equal to diffusers' <c>DEISMultistepScheduler</c>.
/// </summary>
internal sealed class DeisScheduler : ISampler
{
    private const string Name = "DEIS";

    private readonly SchedulerConfig config;
    private readonly SolverGrid grid;
    private readonly History noises;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public DeisScheduler(SchedulerConfig config, int steps)
    {
        // As in diffusers, settings of related solvers count as its own.
        config.Require(Name, "algorithm_type", "deis", "dpmsolver", "dpmsolver++");
        config.Require(Name, "solver_order", "1", "2", "3");
        this.config = config;
        // diffusers' class ignores zero terminal SNR.
        grid = new SolverGrid(Name, config with { RescaleBetasZeroSnr = false }, steps, FinalSigma.SigmaMin);
        noises = new History(config.SolverOrder);
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid[stepIndex].Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        noises.Enter(stepIndex);
        using var scope = NewDisposeScope();
        noises.Add(grid.Noise(modelOutput, stepIndex, sample));
        var order = Order(stepIndex);
        var image = sample.DividedBy(grid[stepIndex].Alpha);
        for (var age = 0; age < order; age++)
            image = image.Plus(noises[age].Times(Weight(stepIndex, order, age)));
        return image.Times(grid[stepIndex + 1].Alpha).MoveToOuterDisposeScope();
    }

    public void Dispose() => noises.Dispose();

    /// <summary>
    /// The integral over the step, in rho, of the polynomial in log(rho) that is 1 at the noise of this age and 0 at
    /// the others.
    /// </summary>
    private double Weight(int stepIndex, int order, int age)
    {
        double LogRho(int step) => Math.Log(grid[step].Ratio);
        double[] zeros =
        [
            .. Enumerable.Range(0, order).Where(other => other != age).Select(other => LogRho(stepIndex - other)),
        ];
        var scale = zeros.Aggregate(1.0, (product, zero) => product * (LogRho(stepIndex - age) - zero));
        return (Antiderivative(grid[stepIndex + 1].Ratio, zeros) - Antiderivative(grid[stepIndex].Ratio, zeros))
            / scale;
    }

    /// <summary>Of the product of (log(rho) - zero) over up to two zeros.</summary>
    private static double Antiderivative(double rho, double[] zeros)
    {
        var log = Math.Log(rho);
        // The antiderivatives of 1, log(rho) and log(rho)².
        var (constant, linear, square) = (rho, rho * (log - 1), rho * ((log * log) - (2 * log) + 2));
        return zeros switch
        {
            [] => constant,
            [var a] => linear - (a * constant),
            [var a, var b] => square - ((a + b) * linear) + (a * b * constant),
            _ => throw new ArgumentException("More than two zeros.", nameof(zeros)),
        };
    }

    /// <summary>Lower while few predictions are known, and at the end of short runs.</summary>
    private int Order(int stepIndex)
    {
        const int ShortRun = 15;
        var isLowered = (config.LowerOrderFinal ?? true) && Timesteps.Count < ShortRun;
        return Math.Min(noises.Count, isLowered ? Timesteps.Count - stepIndex : config.SolverOrder);
    }
}
