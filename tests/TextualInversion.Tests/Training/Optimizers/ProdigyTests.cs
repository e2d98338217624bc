using TextualInversion.Training;
using TextualInversion.Training.Optimizers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Optimizers;

/// <summary>
/// Steps of the authors' implementation (github.com/konstmish/prodigy, version 1.1.2) with PyTorch, for half the
/// squared distance to a target.
/// </summary>
public sealed class ProdigyTests
{
    private const double InitialDistance = 1e-6;

    private static readonly float[] Initial = [0.01f, -0.02f, 0.005f, 0.0025f, -0.0075f, 0.03f];
    private static readonly float[] Target = [1, -2, 0.5f, 0.25f, -0.75f, 3];

    /// <summary>After each step: d, and the vectors.</summary>
    private static readonly double[][] WithDefaults =
    [
        [1e-06, 0.0100031616, -0.0200031623, 0.00500316219, 0.00250316225, -0.00750316214, 0.0300031621],
        [1.58167061e-06, 0.0100074112, -0.020007411, 0.00500741182, 0.00250741187, -0.00750741176, 0.0300074108],
        [4.82253852e-06, 0.0100151738, -0.0200151727, 0.00501517393, 0.00251517422, -0.00751517387, 0.0300151724],
        [1.34959542e-05, 0.0100377109, -0.0200377088, 0.005037711, 0.00253771129, -0.00753771095, 0.0300377086],
        [3.45093693e-05, 0.0100981118, -0.0200981088, 0.00509811239, 0.00259811315, -0.00759811187, 0.0300981086],
        [8.85844167e-05, 0.0102525502, -0.0202525463, 0.00525255268, 0.00275255786, -0.00775255077, 0.0302525461],
        [0.000227722348, 0.0106494902, -0.0206494778, 0.00564950705, 0.00314954203, -0.00814949535, 0.0306494758],
        [0.000585666823, 0.0116703007, -0.021670239, 0.00667041726, 0.00417065155, -0.00917033944, 0.0316702202],
        [0.00150623231, 0.0142961089, -0.0242957175, 0.00929688849, 0.00679845316, -0.0117963683, 0.0342955887],
        [0.00387357148, 0.021051852, -0.0310492627, 0.0160570517, 0.0135675389, -0.0185535811, 0.0410484038],
        [0.00996074293, 0.0384435579, -0.0484263077, 0.0334784649, 0.0310499389, -0.0359551348, 0.0584205911],
        [0.0256074504, 0.0832873285, -0.0931710899, 0.0785270035, 0.0765371025, -0.0808661431, 0.103132866],
    ];

    /// <summary>
    /// The same with the betas 0.8 and 0.99, the epsilon 0.02, the weight decay 20, and a learning rate that falls by
    /// 0.05 with each step.
    /// </summary>
    private static readonly double[][] WithOptions =
    [
        [1e-06, 0.0100014638, -0.0200014152, 0.00500132423, 0.00250105606, -0.00750142569, 0.0300012734],
        [1e-06, 0.0100033944, -0.0200032983, 0.00500311377, 0.00250254991, -0.00750331907, 0.0300030168],
        [1.45383607e-06, 0.0100053921, -0.0200052876, 0.00500492472, 0.00250402046, -0.00750526041, 0.0300048888],
        [2.86207185e-06, 0.0100081228, -0.0200081114, 0.00500727352, 0.00250580418, -0.00750786345, 0.0300075952],
        [5.73504218e-06, 0.0100130048, -0.020013269, 0.00501134433, 0.00250878418, -0.00751246139, 0.0300125871],
        [1.04726577e-05, 0.0100220125, -0.0200227499, 0.00501888618, 0.00251432764, -0.00752095925, 0.0300217345],
        [1.80272973e-05, 0.0100375153, -0.0200389512, 0.00503199175, 0.00252406974, -0.00753563922, 0.0300373212],
        [3.03144007e-05, 0.010062729, -0.0200652052, 0.00505343126, 0.00254012225, -0.00755956629, 0.0300625544],
        [5.00978667e-05, 0.0101025179, -0.0201065429, 0.00508740172, 0.00256568985, -0.00759738032, 0.0301022716],
        [8.11859081e-05, 0.0101637198, -0.020169992, 0.00513985846, 0.00260536862, -0.00765562896, 0.0301632173],
        [0.000128632302, 0.010255252, -0.0202646591, 0.00521864463, 0.00266528968, -0.00774287898, 0.0302541107],
        [0.000198767897, 0.0103878109, -0.0204013903, 0.00533328392, 0.00275301328, -0.00786945503, 0.0303853229],
        [0.000298855303, 0.0105728563, -0.0205916949, 0.00549414754, 0.00287694624, -0.00804648548, 0.0305678379],
        [0.000436108372, 0.0108204577, -0.0208455101, 0.00571062509, 0.00304498849, -0.00828385726, 0.0308110937],
    ];

    [Fact]
    public void Step_Defaults_EqualsTheAuthorsImplementation()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(Initial).view(2, 3);
        using var optimizer = new Prodigy(rows, 0.9, 0.999, 1e-8, 0);

        AssertSteps(WithDefaults, optimizer, rows, _ => 1);
    }

    [Fact]
    public void Step_AllOptions_EqualsTheAuthorsImplementation()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(Initial).view(2, 3);
        using var optimizer = new Prodigy(rows, 0.8, 0.99, 0.02, 20);

        AssertSteps(WithOptions, optimizer, rows, step => 1 - (0.05 * step));
    }

    [Fact]
    public void Step_RowsRescaledBeforeTheFirst_MeasuresTheDistanceFromThere()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(Initial).view(2, 3);
        using var optimizer = new Prodigy(rows, 0.9, 0.999, 1e-8, 0);
        rows.copy_(tensor(Target).view(2, 3));

        optimizer.Step(rows.negative(), learningRate: 1, step: 1);

        Assert.Equal(InitialDistance, Distance(optimizer));
    }

    [Fact]
    public void Step_NoGradient_KeepsTheRows()
    {
        using var scope = NewDisposeScope();
        var rows = tensor(Initial).view(2, 3);
        using var optimizer = new Prodigy(rows, 0.9, 0.999, 1e-8, 0.1);

        optimizer.Step(zeros_like(rows), learningRate: 1, step: 1);

        Assert.Equal(Initial, rows.data<float>().ToArray());
        Assert.Equal(InitialDistance, Distance(optimizer));
    }

    private static void AssertSteps(double[][] expected, Prodigy optimizer, Tensor rows, Func<int, double> learningRate)
    {
        var target = tensor(Target).view(2, 3);
        foreach (var (step, wanted) in expected.Index())
        {
            using var scope = NewDisposeScope();
            optimizer.Step(rows - target, learningRate(step), step + 1);
            AssertClose(wanted[0], Distance(optimizer));
            foreach (var (value, found) in wanted.Skip(1).Zip(rows.data<float>().ToArray()))
                AssertClose(value, found);
        }
    }

    private static double Distance(Prodigy optimizer) => optimizer.State[StateNames.Distance].data<double>()[0];

    private static void AssertClose(double expected, double found) =>
        Assert.Equal(expected, found, 1e-5 * Math.Abs(expected));
}
