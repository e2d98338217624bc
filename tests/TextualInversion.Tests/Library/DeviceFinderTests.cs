using static TorchSharp.torch;

namespace TextualInversion.Tests.Library;

public sealed class DeviceFinderTests
{
    [Theory]
    [InlineData("cpu")]
    [InlineData("CPU")]
    public void Find_Cpu_IsTheCpu(string name) => Assert.Equal(TorchSharp.DeviceType.CPU, DeviceFinder.Find(name).type);

    [Theory]
    [InlineData("tpu")]
    [InlineData("")]
    [InlineData("cpu:0")]
    [InlineData("auto:1")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:1000")]
    public void Find_NoSuchDevice_NamesTheProperty(string name) =>
        Assert.Equal(
            nameof(LoadOptions.Device),
            Assert.Throws<TextualInversionException>(() => DeviceFinder.Find(name)).Parameter
        );

    [Fact]
    public void Find_Auto_IsTheGpuIfThereIsOne() =>
        Assert.Equal(
            cuda.is_available() ? TorchSharp.DeviceType.CUDA : TorchSharp.DeviceType.CPU,
            DeviceFinder.Find("auto").type
        );
}
