using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// Unified predictor-corrector: each model call first corrects the step that led to it, then predicts the next (arXiv
/// 2302.04867, section 3, with the prediction of the clean sample). Equal to diffusers' <c>UniPCMultistepScheduler</c>.
/// </summary>
internal sealed class UniPcScheduler : ISampler
{
    private const string Name = "UniPC";

    private readonly SchedulerConfig config;
    private readonly SolverGrid grid;
    private readonly History originals; // x_theta of the latest steps
    private readonly History corrected = new(1); // the sample at the beginning of the last step
    private int order;

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public UniPcScheduler(SchedulerConfig config, int steps)
    {
        config.Require(Name, "solver_order", "1", "2", "3");
        config.Require(Name, "predict_x0", "true");
        config.Require(Name, "disable_corrector", "[]");
        config.Require(Name, "solver_p");
        this.config = config;
        grid = new SolverGrid(Name, config, steps, config.FinalSigma);
        originals = new History(config.SolverOrder);
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid[stepIndex].Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        originals.Enter(stepIndex);
        using var scope = NewDisposeScope();
        var original = grid.Original(modelOutput, stepIndex, sample);
        if (corrected.Count > 0)
            sample = Advance(corrected[0], stepIndex - 1, original);
        corrected.Add(sample);
        originals.Add(original);
        order = Order(stepIndex);
        return Advance(sample, stepIndex, corrector: null).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        originals.Dispose();
        corrected.Dispose();
    }

    private int Order(int stepIndex)
    {
        if (grid[stepIndex + 1].Sigma == 0)
            return 1; // the step is infinitely wide in lambda
        return Math.Min(
            originals.Count,
            config.LowerOrderFinal ?? true ? Timesteps.Count - stepIndex : config.SolverOrder
        );
    }

    /// <summary>
    /// The sample (B, C, h, w) after a step: predicted from the past alone, or corrected by the prediction that was
    /// made at its end.
    /// </summary>
    private Tensor Advance(Tensor sample, int step, Tensor? corrector)
    {
        var (from, to) = (grid[step], grid[step + 1]);
        var h = to.Lambda - from.Lambda;
        var next = sample.Times(to.Sigma / from.Sigma).Plus(originals[0].Times(to.Alpha * (1 - Math.Exp(-h))));
        var nodes = Enumerable
            .Range(1, order - 1)
            .Select(age => (Position: (grid[step - age].Lambda - from.Lambda) / h, Original: originals[age]))
            .ToList();
        if (corrector is not null)
            nodes.Add((1, corrector));
        var weights = Weights([.. nodes.Select(node => node.Position)], -h);
        foreach (var (node, weight) in nodes.Zip(weights))
            next = next.Plus((node.Original - originals[0]).Times(-to.Alpha * weight / node.Position));
        return next;
    }

    /// <summary>
    /// B(h) times the weights a of the differences, from R a = b (section 3); a single one is 1/2, whatever its point.
    /// </summary>
    /// <param name="positions">r_m, in units of the step.</param>
    /// <param name="h">The step's width in lambda, negative for the prediction of the clean sample.</param>
    private double[] Weights(double[] positions, double h)
    {
        var scale = config.SolverType == SolverType.Bh1 ? h : Math.Exp(h) - 1;
        if (positions.Length <= 1)
            return [.. positions.Select(_ => scale / 2)];
        var count = positions.Length;
        double[,] powers = new double[count, count];
        double[] integrals = new double[count];
        double phi = ((Math.Exp(h) - 1) / h) - 1,
            factorial = 1;
        for (var i = 0; i < count; i++)
        {
            for (var m = 0; m < count; m++)
                powers[i, m] = Math.Pow(positions[m], i);
            integrals[i] = phi * factorial;
            factorial *= i + 2;
            phi = (phi / h) - (1 / factorial);
        }

        return linalg.solve(tensor(powers), tensor(integrals)).data<double>().ToArray();
    }
}
