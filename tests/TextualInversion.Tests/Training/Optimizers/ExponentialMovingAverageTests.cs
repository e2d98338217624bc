using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Optimizers;

public sealed class ExponentialMovingAverageTests
{
    /// <summary>
    /// Starts from 1. The first step keeps 2/11 of it and takes 9/11 of 12, the second keeps 3/12 of 10 and takes 9/12
    /// of 2, the third keeps the decay, 0.26, of 4 and takes 0.74 of 14.
    /// </summary>
    [Fact]
    public void Add_ThreeSteps_KeepsLessOfItselfEarlyOn()
    {
        using var scope = NewDisposeScope();
        using var average = new ExponentialMovingAverage(
            [
                tensor(
                    new float[,]
                    {
                        { 1 },
                    }
                ),
            ],
            decay: 0.26
        );

        foreach (var (row, expected, step) in new[] { (12f, 10f, 1), (2f, 4f, 2), (14f, 11.4f, 3) })
        {
            average.Add(
                [
                    tensor(
                        new float[,]
                        {
                            { row },
                        }
                    ),
                ],
                step
            );
            Assert.Equal(expected, average.Rows[0].item<float>(), 1e-5f);
        }
    }

    [Fact]
    public void Rows_AreItsOwn()
    {
        using var scope = NewDisposeScope();
        var row = tensor(
            new float[,]
            {
                { 1 },
            }
        );
        using var average = new ExponentialMovingAverage([row], decay: 0.5);

        average.Add(
            [
                tensor(
                    new float[,]
                    {
                        { 3 },
                    }
                ),
            ],
            step: 1
        );

        Assert.Equal(1, row.item<float>());
    }
}
