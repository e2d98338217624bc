using TextualInversion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

public sealed class NoiseScheduleTests
{
    [Fact]
    public void AlphasCumprod_TrainedBetas_AreTheirCumulativeProduct()
    {
        var schedule = new NoiseSchedule(
            new SchedulerConfig { NumTrainTimesteps = 3, TrainedBetas = [0.5f, 0.25f, 0.5f] }
        );
        Assert.Equal([0.5f, 0.375f, 0.1875f], schedule.AlphasCumprod);
    }

    [Fact]
    public void AlphasCumprod_ZeroTerminalSnr_KeepsTheFirstAndEndsAtZero()
    {
        var plain = new NoiseSchedule(new SchedulerConfig());
        var rescaled = new NoiseSchedule(new SchedulerConfig { RescaleBetasZeroSnr = true });
        Assert.Equal(plain.AlphasCumprod[0], rescaled.AlphasCumprod[0], 1e-6f);
        Assert.Equal(0, rescaled.AlphasCumprod[^1]);
    }

    [Theory]
    [InlineData(PredictionType.Epsilon)]
    [InlineData(PredictionType.VPrediction)]
    public void Target_PredictionType_IsNoiseOrVelocity(PredictionType predictionType)
    {
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(new SchedulerConfig { PredictionType = predictionType });
        Tensor latents = ones(2, 4, 3, 5),
            noise = full([2, 4, 3, 5], 2f),
            timesteps = tensor(new long[] { 0, 999 });
        var expected = predictionType == PredictionType.Epsilon ? noise : schedule.Velocity(latents, noise, timesteps);
        var target = schedule.Target(latents, noise, timesteps);
        Assert.Equal(expected.shape, target.shape);
        Assert.True(target.allclose(expected));
    }

    [Fact]
    public void AddNoise_EachImageAtItsTimestep_LeavesNoOtherTensor()
    {
        using var scope = NewDisposeScope();
        var schedule = new NoiseSchedule(new SchedulerConfig { NumTrainTimesteps = 2, TrainedBetas = [0.19f, 0.5f] });
        Tensor latents = ones(2, 1, 1, 1),
            noise = zeros(2, 1, 1, 1),
            timesteps = tensor(new long[] { 1, 0 });
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var noisy = schedule.AddNoise(latents, noise, timesteps);
        Assert.Equal(before + 1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(Math.Sqrt(0.81 * 0.5), noisy[0].item<float>(), 1e-6);
        Assert.Equal(0.9, noisy[1].item<float>(), 1e-6);
    }
}
