using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>
/// Dynamic loss scaling for a U-Net that computes in float16 (Micikevicius et al. 2018, "Mixed precision training",
/// section 3.2, https://arxiv.org/abs/1710.03740). The loss is multiplied by a scale, so that small gradients do not
/// round to zero, and the gradients of the float32 rows are divided by it. A step whose gradients overflow is skipped
/// and halves the scale; many steps in a row without an overflow double it. The numbers are those of PyTorch's
/// <c>GradScaler</c>.
/// </summary>
internal sealed class LossScale : IDisposable
{
    internal const double InitialScale = 65_536;
    internal const int GrowthInterval = 2_000; // steps
    private const double SmallestScale = 1;

    private readonly int growthInterval;

    /// <param name="growthInterval">The steps without an overflow after which the scale doubles.</param>
    public LossScale(int growthInterval = GrowthInterval)
    {
        this.growthInterval = growthInterval;
        using var scope = NewDisposeScope();
        State = tensor([InitialScale, 0, 0], ScalarType.Float64).DetachFromDisposeScope();
    }

    /// <summary>
    /// The state for resuming, (3) float64 on the CPU: the scale, the steps since it changed, and the skipped steps of
    /// the whole run. Not a copy.
    /// </summary>
    public Tensor State { get; }

    /// <summary>The factor of the loss, a power of two.</summary>
    public double Scale => State.data<double>()[0];

    /// <summary>The skipped steps of the run, which the optimizer does not count.</summary>
    public int SkippedSteps => (int)State.data<double>()[2];

    /// <summary>Whether the scale can be reduced further. If not, the loss itself overflows.</summary>
    public bool CanShrink => Scale > SmallestScale;

    /// <summary>Counts a step that was taken.</summary>
    public void CountStep()
    {
        var (scale, steps, skipped) = Read();
        if (++steps < growthInterval)
            Write(scale, steps, skipped);
        else
            Write(float.IsFinite((float)(2 * scale)) ? 2 * scale : scale, 0, skipped);
    }

    /// <summary>Counts a step that was skipped, since its gradients overflowed.</summary>
    public void CountOverflow()
    {
        var (scale, _, skipped) = Read();
        Write(scale / 2, 0, skipped + 1);
    }

    public void Dispose() => State.Dispose();

    private (double Scale, double Steps, double Skipped) Read()
    {
        var values = State.data<double>();
        return (values[0], values[1], values[2]);
    }

    private void Write(double scale, double steps, double skipped)
    {
        using var scope = NewDisposeScope();
        State.copy_(tensor([scale, steps, skipped], ScalarType.Float64));
    }
}
