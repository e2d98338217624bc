using static TorchSharp.torch;

namespace TextualInversion.Models.Autograd;

/// <summary>What a gradient of an input looks like.</summary>
/// <param name="Shape">Its shape.</param>
/// <param name="Type">Its type.</param>
/// <param name="Device">Where it is.</param>
/// <param name="NeedsGradient">Whether there is one at all.</param>
internal sealed record InputShape(long[] Shape, ScalarType Type, Device Device, bool NeedsGradient)
{
    public static InputShape Of(Tensor input) => new(input.shape, input.dtype, input.device, input.requires_grad);

    /// <summary>A gradient of zeros that takes no memory, or null if none is needed.</summary>
    public Tensor? Zeros()
    {
        if (!NeedsGradient)
            return null;
        using var scope = NewDisposeScope();
        return zeros(1, dtype: Type, device: Device).expand(Shape).MoveToOuterDisposeScope();
    }
}
