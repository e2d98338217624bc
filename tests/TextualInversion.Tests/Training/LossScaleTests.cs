using TextualInversion.Training;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>The numbers are those of PyTorch 2.13: torch.amp.GradScaler("cpu", growth_interval=3) around
/// torch.optim.AdamW([1, -2], lr=0.1, weight_decay=0.01).</summary>
public sealed class LossScaleTests
{
    private const float Overflow = float.PositiveInfinity;

    // The gradient of both rows' values in each step, then PyTorch's scale and parameters after it.
    private static readonly (float Gradient, double Scale, float[] Rows)[] Reference = [];

    [Fact]
    public void Scale_StepsAndOverflows_IsPyTorchs()
    {
        using var scale = new LossScale(growthInterval: 3);
        using var rows = tensor(
            new float[,]
            {
                { 1, -2 },
            }
        );
        using var optimizer = new AdamW(rows, 0.9, 0.999, 1e-8, 0.01);
        var step = 0;
        Assert.Equal(LossScale.InitialScale, scale.Scale);
        foreach (var (gradient, expected, expectedRows) in Reference)
        {
            if (gradient == Overflow)
            {
                scale.CountOverflow();
            }
            else
            {
                using var gradients = tensor(
                    new float[,]
                    {
                        { gradient, -gradient },
                    }
                );
                optimizer.Step(gradients, learningRate: 0.1, ++step);
                scale.CountStep();
            }

            Assert.Equal(expected, scale.Scale);
            Assert.Equal(expectedRows, rows.data<float>().ToArray());
        }

        Assert.Equal(Reference.Count(each => each.Gradient == Overflow), scale.SkippedSteps);
    }

    [Fact]
    public void CountStep_LargestFloat_StopsGrowing()
    {
        using var scale = new LossScale(growthInterval: 1);

        for (var step = 0; step < 200; step++)
            scale.CountStep();

        Assert.Equal(Math.Pow(2, 127), scale.Scale);
    }

    [Fact]
    public void CanShrink_ScaleOfOne_IsTheEnd()
    {
        using var scale = new LossScale();

        for (var overflow = 0; overflow < 16; overflow++)
        {
            Assert.True(scale.CanShrink);
            scale.CountOverflow();
        }

        Assert.Equal(1, scale.Scale);
        Assert.False(scale.CanShrink);
    }
}
