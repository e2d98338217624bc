using TextualInversion.Training;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>
/// The numbers are those of PyTorch 2.13: torch.amp.GradScaler("cpu", growth_interval=3) around
/// torch.optim.AdamW([[1, -2]], lr=0.1, weight_decay=0.01), with the gradients times the scale, or infinite.
/// </summary>
public sealed class LossScaleTests
{
    private const float Overflow = float.PositiveInfinity;

    // The gradient of the first value in each step, that of the second one negated, then PyTorch's scale and parameters
    // after the step.
    private static readonly (float Gradient, double Scale, float[] Rows)[] Reference =
    [
        (0.5f, 65536, [0.8990000486373901f, -1.8980000019073486f]),
        (Overflow, 32768, [0.8990000486373901f, -1.8980000019073486f]),
        (-0.25f, 32768, [0.8714673519134521f, -1.869468331336975f]),
        (1.0f, 32768, [0.8047847151756287f, -1.8017877340316772f]),
        (0.125f, 65536, [0.7440822720527649f, -1.7400883436203003f]),
        (Overflow, 32768, [0.7440822720527649f, -1.7400883436203003f]),
        (Overflow, 16384, [0.7440822720527649f, -1.7400883436203003f]),
        (2.0f, 16384, [0.6708066463470459f, -1.6658166646957397f]),
        (0.5f, 16384, [0.597980260848999f, -1.5919952392578125f]),
        (-1.0f, 32768, [0.5591313242912292f, -1.552152395248413f]),
        (0.75f, 32768, [0.5122766494750977f, -1.5043047666549683f]),
    ];

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

        Assert.Equal(3, scale.SkippedSteps);
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
