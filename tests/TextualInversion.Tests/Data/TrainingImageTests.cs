using TextualInversion.Data;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Data;

public sealed class TrainingImageTests
{
    [Fact]
    public void ToTensor_Bytes_BecomeChannelsBetweenMinusOneAndOne()
    {
        byte[] pixels = [0, 51, 102, 153, 204, 255, 1, 2, 3, 127, 128, 254]; // (2, 2, 3)

        using var tensor = new TrainingImage("1.png", new RgbImage(pixels, 2, 2), "", 2, 2, null).ToTensor();

        Assert.Equal([3, 2, 2], tensor.shape);
        Assert.Equal(ScalarType.Float32, tensor.dtype);
        Assert.True(tensor.is_contiguous());
        // Red, green, blue; numpy: (bytes / 127.5 - 1).astype(float32)
        Assert.Equal(
            [
                -1f,
                0.2f,
                -0.99215686f,
                -0.003921569f,
                -0.6f,
                0.6f,
                -0.9843137f,
                0.003921569f,
                -0.2f,
                1f,
                -0.9764706f,
                0.99215686f,
            ],
            tensor.data<float>().ToArray()
        );
    }
}
