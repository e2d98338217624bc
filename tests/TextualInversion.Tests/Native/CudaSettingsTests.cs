using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Native;

public sealed class CudaSettingsTests
{
    [Theory]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.Float16, true)]
    [InlineData(ScalarType.BFloat16, true)]
    public void AllowsTf32_TypeOfTheUNet_OnlyFloat32IsExact(ScalarType type, bool expected) =>
        Assert.Equal(expected, CudaSettings.AllowsTf32(type));
}
