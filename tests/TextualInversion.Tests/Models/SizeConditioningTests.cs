using TextualInversion.Models;

namespace TextualInversion.Tests.Models;

public sealed class SizeConditioningTests
{
    [Fact]
    public void Whole_Image_IsNeitherResizedNorCropped() =>
        Assert.Equal([768f, 512, 0, 0, 768, 512], SizeConditioning.Whole(768, 512).Values);

    [Fact]
    public void Squash_WideImage_IsResizedOnly() =>
        Assert.Equal([600f, 800, 0, 0, 64, 64], SizeConditioning.Squash(600, 800, 64).Values);

    [Theory]
    [InlineData(600, 800, 300, 0, 50)] // 100 pixels of 800 cut off on the left, at half the size
    [InlineData(801, 600, 1200, 200, 0)] // 100 of 801 cut off above, enlarged twice
    [InlineData(64, 64, 64, 0, 0)]
    public void CenterCrop_Image_CountsTheCropInPixelsOfTheResult(int height, int width, int side, int top, int left) =>
        Assert.Equal([height, width, top, left, side, side], SizeConditioning.CenterCrop(height, width, side).Values);
}
