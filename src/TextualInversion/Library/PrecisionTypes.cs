using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>The tensors' data type of each precision.</summary>
internal static class PrecisionTypes
{
    public static ScalarType Of(Precision precision) =>
        precision switch
        {
            Precision.Fp32 => ScalarType.Float32,
            Precision.Bf16 => ScalarType.BFloat16,
            _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, null),
        };
}
