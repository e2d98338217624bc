using TextualInversion.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Native;

public sealed class PrecisionChoiceTests
{
    private static readonly Device Gpu = new(DeviceType.CUDA, 1); // named, never used

    [Theory]
    [InlineData(5, 2, Precision.Fp16)]
    [InlineData(7, 5, Precision.Fp16)]
    [InlineData(8, 0, Precision.Bf16)]
    [InlineData(8, 9, Precision.Bf16)]
    [InlineData(12, 0, Precision.Bf16)]
    public void Automatic_CudaDevice_GoesByComputeCapability(int major, int minor, Precision expected)
    {
        var asked = -1;

        var chosen = PrecisionChoice.Automatic(Gpu, Describe);

        Assert.Equal((expected, 1), (chosen, asked));

        CudaDevice Describe(int index)
        {
            asked = index;
            return new CudaDevice("card", new Version(major, minor), 1, 2);
        }
    }

    [Fact]
    public void Automatic_DriverThatSaysNothing_IsFp32() =>
        Assert.Equal(Precision.Fp32, PrecisionChoice.Automatic(Gpu, _ => null));

    [Fact]
    public void Resolve_Cpu_IsFp32AndRefusesFp16()
    {
        Assert.Equal(Precision.Fp32, PrecisionChoice.Resolve(Precision.Auto, CPU));
        Assert.Equal(Precision.Bf16, PrecisionChoice.Resolve(Precision.Bf16, CPU));
        var error = Assert.Throws<TextualInversionException>(() => PrecisionChoice.Resolve(Precision.Fp16, CPU));
        Assert.Equal(nameof(LoadOptions.Precision), error.Parameter);
    }

    [Theory]
    [InlineData(Precision.Fp32, ScalarType.Float32)]
    [InlineData(Precision.Bf16, ScalarType.BFloat16)]
    [InlineData(Precision.Fp16, ScalarType.Float16)]
    public void TypeOf_Precision_IsItsType(Precision precision, ScalarType type) =>
        Assert.Equal(type, PrecisionChoice.TypeOf(precision));
}
