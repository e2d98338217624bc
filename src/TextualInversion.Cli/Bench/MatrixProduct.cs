using System.Diagnostics;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Bench;

/// <summary>
/// The speed of a product of two large square matrices: about the most that a program gets out of a machine.
/// </summary>
internal static class MatrixProduct
{
    private const int Repeats = 5;

    // Large enough to keep the device busy, small enough for a second or two.
    private const long SideOnCpu = 2048,
        SideOnGpu = 8192;

    /// <summary>The floating-point operations in a second, of the best of several products.</summary>
    /// <param name="device">The device.</param>
    /// <param name="type">The type of the matrices.</param>
    /// <param name="waitForDevice">Waits until the device is done.</param>
    /// <param name="cancellationToken">Checked before each product.</param>
    /// <exception cref="OperationCanceledException">The measurement was canceled.</exception>
    public static double OperationsPerSecond(
        Device device,
        ScalarType type,
        Action waitForDevice,
        CancellationToken cancellationToken
    )
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var isCpu = device.type == DeviceType.CPU;
        var side = isCpu ? SideOnCpu : SideOnGpu;
        var (a, b) = (Matrix(), Matrix());
        var best = Best(() => a.mm(b));
        if (isCpu && type == ScalarType.Float32 && OneDnn.IsAvailable)
            best = Math.Min(best, Best(() => OneDnn.Linear(a, b, bias: null)));
        return 2.0 * side * side * side / best;

        Tensor Matrix() => randn([side, side], device: device).to(type);

        double Best(Func<Tensor> multiply)
        {
            multiply().Dispose(); // pays for initialization
            var shortest = double.PositiveInfinity;
            for (var i = 0; i < Repeats; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                waitForDevice();
                var clock = Stopwatch.StartNew();
                using var product = multiply();
                waitForDevice();
                shortest = Math.Min(shortest, clock.Elapsed.TotalSeconds);
            }

            return shortest;
        }
    }
}
