using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Schedulers;

/// <summary>
/// DPM-Solver++(2S): arXiv 2211.01095, algorithm 1. Steps go in pairs: one of first order, then one of second order
/// that begins again where the first began and replaces it, so each pair costs two model calls and covers two noise
/// levels. Equal to diffusers' <c>DPMSolverSinglestepScheduler</c>.
/// </summary>
internal sealed class DpmSolverSinglestepScheduler : ISampler
{
    private const string Name = "DPM++ 2S";

    private readonly SolverGrid grid;
    private readonly bool endsInFirstOrder;
    private readonly History beginning = new(2); // x_theta and the sample at the beginning of the pair

    /// <exception cref="TextualInversionException">
    /// <paramref name="steps"/> is out of range, or the folder asks for an option that this sampler does not have.
    /// </exception>
    public DpmSolverSinglestepScheduler(SchedulerConfig config, int steps)
    {
        config.RequirePlusPlus(Name);
        config.Require(Name, "solver_order", "2");
        config.Require(Name, "solver_type", "midpoint", "logrho", "bh1", "bh2");
        // diffusers' class has no other spacing and ignores zero terminal SNR.
        grid = new SolverGrid(
            Name,
            config with
            {
                TimestepSpacing = TimestepSpacing.Linspace,
                RescaleBetasZeroSnr = false,
            },
            steps,
            config.FinalSigma
        );
        endsInFirstOrder = config.FinalSigma == FinalSigma.Zero || (config.LowerOrderFinal ?? false);
    }

    public IReadOnlyList<float> Timesteps => grid.Timesteps;

    public Tensor AddNoise(Tensor latents, Tensor noise, int stepIndex) => grid[stepIndex].Mix(latents, noise);

    public Tensor Step(Tensor modelOutput, int stepIndex, Tensor sample, Generator? generator = null)
    {
        beginning.Enter(stepIndex);
        using var scope = NewDisposeScope();
        var original = grid.Original(modelOutput, stepIndex, sample);
        var isLast = stepIndex == Timesteps.Count - 1;
        if (stepIndex % 2 == 1 && beginning.Count > 0 && !(isLast && endsInFirstOrder))
        {
            var (first, start) = (beginning[0], beginning[1]);
            var ratio = Width(stepIndex - 1, stepIndex) / Width(stepIndex - 1, stepIndex + 1); // r
            var middle = first.Plus((original - first).DividedBy(2 * ratio));
            return Advance(start, middle, stepIndex - 1, stepIndex + 1);
        }

        beginning.Add(sample);
        beginning.Add(original);
        return Advance(sample, original, stepIndex, stepIndex + 1);
    }

    public void Dispose() => beginning.Dispose();

    private double Width(int step, int end) => grid[end].Lambda - grid[step].Lambda;

    /// <summary>Moves the sample (B, C, h, w) to another level by an estimate of the clean one.</summary>
    private Tensor Advance(Tensor sample, Tensor original, int step, int end) =>
        sample
            .Times(grid[end].Sigma / grid[step].Sigma)
            .Plus(original.Times(grid[end].Alpha * (1 - Math.Exp(-Width(step, end)))))
            .MoveToOuterDisposeScope();
}
