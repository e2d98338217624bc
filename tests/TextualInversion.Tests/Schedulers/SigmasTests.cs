using TextualInversion.Schedulers;

namespace TextualInversion.Tests.Schedulers;

public sealed class SigmasTests
{
    private static readonly float[] Training = [0.1f, 1, 10];

    [Theory]
    [InlineData(-1, 0.1)]
    [InlineData(0.5, 0.55)]
    [InlineData(1, 1)]
    [InlineData(3, 10)]
    public void At_Timestep_InterpolatesAndClamps(double timestep, double sigma) =>
        Assert.Equal(sigma, Sigmas.At(Training, timestep), 1e-6);

    [Theory]
    [InlineData(0.01, 0)]
    [InlineData(0.1, 0)]
    [InlineData(0.31622776, 0.5)]
    [InlineData(1, 1)]
    [InlineData(100, 2)]
    public void TimestepAt_Sigma_InterpolatesLogarithmsAndClamps(double sigma, double timestep) =>
        Assert.Equal(timestep, Sigmas.TimestepAt(Training, sigma), 1e-6);

    [Fact]
    public void TimestepAt_OneTrainingTimestep_IsThatOne() => Assert.Equal(0, Sigmas.TimestepAt([1], 0.5));

    [Fact]
    public void Karras_ThreeSteps_AreEquationFive()
    {
        var middle = Math.Pow((Math.Pow(10, 1 / 7.0) + Math.Pow(0.1, 1 / 7.0)) / 2, 7);
        var sigmas = Sigmas.Karras(max: 10, min: 0.1, steps: 3);
        Assert.Equal(10, sigmas[0], 1e-9);
        Assert.Equal(middle, sigmas[1], 1e-9);
        Assert.Equal(0.1, sigmas[2], 1e-9);
    }

    [Theory]
    [InlineData(10, 4)]
    [InlineData(1, 0)]
    public void Ancestral_DownAndUp_AddUpToTheTarget(double from, double to)
    {
        var (down, up) = Sigmas.Ancestral(from, to);
        Assert.Equal(to * to / from, down, 1e-12);
        Assert.Equal(to * to, (down * down) + (up * up), 1e-12);
    }

    [Fact]
    public void OfTraining_ZeroTerminalSnr_IsFinite() =>
        Assert.Equal(
            4096,
            Sigmas.OfTraining(new NoiseSchedule(new SchedulerConfig { RescaleBetasZeroSnr = true }))[^1],
            1e-2
        );
}
