using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Cli.Tests.ModelAccess;

public sealed class LoraArgumentTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Parse_FileWithStrength_IsRead()
    {
        var path = folder.Write("style@home.safetensors", "");
        Assert.Equal(new Lora(path), LoraArgument.Parse(path));
        Assert.Equal(new Lora(path, -100), LoraArgument.Parse($"{path}@-100"));
    }

    [Theory]
    [InlineData("nan", "write a number")]
    [InlineData("1e400", "write a number")]
    [InlineData("101", "choose a number from -100 to 100")]
    [InlineData("-1e9", "choose a number from -100 to 100")]
    public void Parse_StrengthThatNoModelSurvives_IsRefused(string strength, string expected)
    {
        var path = folder.Write("a.safetensors", "");
        var error = Assert.Throws<UsageException>(() => LoraArgument.Parse($"{path}@{strength}"));
        Assert.EndsWith($"the strength is {strength}; {expected}", error.Message.TrimEnd('.').Split(',')[0]);
    }

    [Fact]
    public void Parse_NoFile_SaysWhereItWasLookedFor()
    {
        var error = Assert.Throws<TextualInversionException>(() => LoraArgument.Parse("no-such-style@0.5"));
        Assert.StartsWith("no-such-style: there is no such file, and loras/ has none", error.Message);
        error = Assert.Throws<TextualInversionException>(() => LoraArgument.Parse(folder.Path));
        Assert.Contains("is a folder", error.Message, StringComparison.Ordinal);
    }
}
