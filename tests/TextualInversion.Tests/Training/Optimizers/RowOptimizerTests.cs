using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Optimizers;

/// <summary>Steps that were computed by hand.</summary>
public sealed class RowOptimizerTests
{
    /// <summary>
    /// v = (1, 0), g = (5, 2): the tangent part is (0, 2) with the direction (0, 1), so v becomes (1, -0.75) / 1.25.
    /// </summary>
    [Fact]
    public void DirectionDescent_OneStep_GoesAlongTheSphere()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(
            new float[,]
            {
                { 2, 0 },
            }
        );
        using var optimizer = new RiemannianSgd(
            rows,
            tensor(
                new float[,]
                {
                    { 2 },
                }
            ),
            prior: 0
        );

        optimizer.Step(
            tensor(
                new float[,]
                {
                    { 5, 2 },
                }
            ),
            learningRate: 0.75,
            step: 1
        );

        AssertClose([1.6f, -1.2f], rows);
    }

    /// <summary>
    /// After the step above v = (0.8, -0.6). With g = (0, 0) and the prior 1 the pull is (-1, 0). Its tangent part is
    /// (-0.36, -0.48) with the direction (-0.6, -0.8), so a step of 0.75 leads to (1.25, 0), that is, back to (1, 0).
    /// </summary>
    [Fact]
    public void DirectionDescent_Prior_DrawsBackToTheBeginning()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(
            new float[,]
            {
                { 2, 0 },
            }
        );
        using var optimizer = new RiemannianSgd(
            rows,
            tensor(
                new float[,]
                {
                    { 2 },
                }
            ),
            prior: 1
        );
        rows.copy_(
            tensor(
                new float[,]
                {
                    { 1.6f, -1.2f },
                }
            )
        );

        optimizer.Step(zeros(1, 2), learningRate: 0.75, step: 2);

        AssertClose([2, 0], rows);
    }

    /// <summary>
    /// The first step is the learning rate times the sign, after weight decay: 2 (1 - 0.1 * 0.5) - 0.1. The second:
    /// moments 0.1 * 0.9 + 0.1 * -2 = -0.11 and 0.001 * 0.999 + 0.001 * 4 = 0.004999, corrected by 0.19 and 0.001999:
    /// -0.578947 / 1.581370.
    /// </summary>
    [Fact]
    public void AdamW_TwoSteps_AreThoseOfTheFormula()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(
            new float[,]
            {
                { 2 },
            }
        );
        using var optimizer = new AdamW(rows, 0.9, 0.999, 1e-8, 0.5);

        optimizer.Step(
            tensor(
                new float[,]
                {
                    { 1 },
                }
            ),
            learningRate: 0.1,
            step: 1
        );
        AssertClose([1.8f], rows);
        optimizer.Step(
            tensor(
                new float[,]
                {
                    { -2 },
                }
            ),
            learningRate: 0.1,
            step: 2
        );
        AssertClose([(float)((1.8 * 0.95) + (0.1 * 0.11 / 0.19 / Math.Sqrt(0.004999 / 0.001999)))], rows);
    }

    [Theory]
    [InlineData(NormConstraint.Initializer, 5, 13)]
    [InlineData(NormConstraint.Vocabulary, 2, 2)]
    internal void NormKeeping_Rows_GetTheirNorms(NormConstraint kept, float first, float second)
    {
        using var scope = NewDisposeScope();
        var vocabulary = tensor(
            new float[,]
            {
                { 1, 0 },
                { 0, 3 },
            }
        ); // with the mean norm 2
        var norms = NormRescaling.Norms(
            kept,
            tensor(
                new float[,]
                {
                    { 3, 4 },
                    { 5, 12 },
                }
            ),
            vocabulary
        )!;
        var rows = tensor(
            new float[,]
            {
                { 0, 10 },
                { 0.3f, 0.4f },
            }
        );

        NormRescaling.Apply(rows, norms);

        AssertClose([0, first, 0.6f * second, 0.8f * second], rows);
    }

    [Fact]
    public void NormKeeping_None_HasNoNorms()
    {
        using var rows = ones(1, 2);
        Assert.Null(NormRescaling.Norms(NormConstraint.None, rows, rows));
    }

    private static void AssertClose(float[] expected, Tensor found)
    {
        foreach (var (wanted, value) in expected.Zip(found.data<float>().ToArray()))
            Assert.Equal(wanted, value, 1e-5f);
    }
}
