namespace TextualInversion.Tests;

public sealed class EditDistanceTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("cat", "cat", 0)]
    [InlineData("", "cat", 3)]
    [InlineData("cat", "", 3)]
    [InlineData("cat", "cut", 1)]
    [InlineData("cat", "cats", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void Between_TwoTexts_CountsEdits(string first, string second, int expected) =>
        Assert.Equal(expected, EditDistance.Between(first, second));
}
