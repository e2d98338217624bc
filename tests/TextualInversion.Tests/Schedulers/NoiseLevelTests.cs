using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

public sealed class NoiseLevelTests
{
    [Fact]
    public void OfRatio_Three_PreservesTheVariance()
    {
        var level = NoiseLevel.OfRatio(3);
        Assert.Equal(1, (level.Alpha * level.Alpha) + (level.Sigma * level.Sigma), 1e-12);
        Assert.Equal(3, level.Ratio, 1e-12);
        Assert.Equal(-Math.Log(3), level.Lambda, 1e-12);
        Assert.Equal(level.Alpha, NoiseLevel.OfAlphaCumprod(level.Alpha * level.Alpha).Alpha, 1e-12);
    }

    [Fact]
    public void Lambda_NoNoise_IsInfinite() => Assert.Equal(double.PositiveInfinity, NoiseLevel.OfRatio(0).Lambda);

    [Theory]
    [InlineData(PredictionType.Epsilon)]
    [InlineData(PredictionType.VPrediction)]
    public void OriginalAndNoise_PerfectPrediction_AreThoseMixed(PredictionType predictionType)
    {
        using var scope = NewDisposeScope();
        var level = NoiseLevel.OfRatio(0.75);
        Tensor image = full([1, 4, 2, 2], 0.3f),
            noise = full([1, 4, 2, 2], -1.5f);
        var sample = level.Mix(image, noise);
        var output = predictionType == PredictionType.Epsilon ? noise : (noise * level.Alpha) - (image * level.Sigma);
        Assert.True(level.Original(predictionType, output, sample).allclose(image));
        Assert.True(level.Noise(predictionType, output, sample).allclose(noise));
    }

    [Fact]
    public void OriginalAndNoise_UndefinedPrediction_IsCallersBug()
    {
        using var scope = NewDisposeScope();
        var sample = ones(1, 4, 2, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            NoiseLevel.OfRatio(1).Original((PredictionType)99, sample, sample)
        );
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            NoiseLevel.OfRatio(1).Noise((PredictionType)99, sample, sample)
        );
    }
}
