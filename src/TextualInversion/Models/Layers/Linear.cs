using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Layers;

/// <summary>
/// y = x W^T + b over the last axis. Frozen. A weight that is stored in fewer bits than those of x is widened for each
/// use, see <see cref="WeightStore"/>.
/// </summary>
internal sealed class Linear(Tensor weight, Tensor? bias)
{
    // Below this many multiplications the call to oneDNN costs more than it saves.
    private const long OneDnnThreshold = 1 << 21;

    public Linear(Weights weights, long inputs, long outputs, bool hasBias = true)
        : this(weights.Take("weight", outputs, inputs), hasBias ? weights.Take("bias", outputs) : null) { }

    /// <param name="x">(…, inputs).</param>
    /// <returns>(…, outputs).</returns>
    public Tensor Forward(Tensor x) => IsFasterByOneDnn(x) ? ForwardByOneDnn(x) : ForwardByPyTorch(x);

    /// <summary>The same by oneDNN's matrix product; for float32 on the CPU.</summary>
    internal Tensor ForwardByOneDnn(Tensor x)
    {
        Tensor Apply() => StoredWeight.Use(weight, x.dtype, wide => OneDnn.Linear(x, wide, bias));
        return CustomAutogradFunction.IsWanted(x)
            ? CustomAutogradFunction.Apply(() => (Apply(), Gradients), x)
            : Apply();
    }

    private Tensor ForwardByPyTorch(Tensor x) => StoredWeight.Use(weight, x.dtype, wide => F.linear(x, wide, bias));

    private bool IsFasterByOneDnn(Tensor x) =>
        OneDnn.BeatsMkl
        && x.device_type == DeviceType.CPU
        && x.dtype == ScalarType.Float32
        && x.numel() * weight.shape[0] >= OneDnnThreshold;

    private Tensor?[] Gradients(Tensor gradient) =>
        [
            StoredWeight.Use(
                weight,
                gradient.dtype,
                wide =>
                {
                    using var transposed = wide.t(); // (inputs, outputs)
                    return OneDnn.Linear(gradient, transposed, bias: null);
                }
            ),
        ];
}
