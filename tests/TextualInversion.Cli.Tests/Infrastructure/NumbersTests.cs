using TextualInversion.Cli.Infrastructure;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class NumbersTests
{
    [Theory]
    [InlineData("0.005", 0.005)]
    [InlineData("5e-3", 0.005)]
    [InlineData("-1", -1)]
    [InlineData(".5", 0.5)]
    public void TryParse_Number_IsRead(string text, double expected)
    {
        Assert.True(Numbers.TryParse<double>(text, out var number, out var problem));
        Assert.Equal((expected, ""), (number, problem));
    }

    [Theory]
    [InlineData("0,005", "write 0.005,")]
    [InlineData("-,5", "write -.5,")]
    [InlineData("5e-3,0", "write a number")]
    [InlineData("1.000,5", "write 1000.5,")]
    [InlineData("1,000.5", "write 1000.5,")]
    [InlineData("1'000'000.5", "write 1000000.5,")]
    [InlineData("many", "write a number")]
    [InlineData("NaN", "write a number")]
    [InlineData("1e999", "write a number")]
    [InlineData("0x10", "write a number")]
    [InlineData("", "write a number")]
    [InlineData("1 2", "write a number")]
    [InlineData("٣", "write a number")]
    public void TryParse_NotADecimal_SaysWhatToWrite(string text, string expected)
    {
        Assert.False(Numbers.TryParse<double>(text, out var number, out var problem));
        Assert.Equal(0, number);
        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1,000", "write 1000,")]
    [InlineData("1.000.000", "write 1000000,")]
    [InlineData("1.5", "write a whole number")]
    [InlineData("5e3", "write a whole number")]
    [InlineData("99999999999", "choose a number from -2147483648 to 2147483647")]
    public void TryParse_NotAWholeNumber_SaysWhatToWrite(string text, string expected)
    {
        Assert.False(Numbers.TryParse<int>(text, out _, out var problem));
        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1e-8, "1e-8")]
    [InlineData(2.5e-10, "2.5e-10")]
    [InlineData(1e30, "1e30")]
    [InlineData(0.01, "0.01")]
    [InlineData(-3, "-3")]
    public void Format_Number_IsAsPeopleTypeIt(double number, string expected)
    {
        Assert.Equal(expected, Numbers.Format(number));
        Assert.True(Numbers.TryParse<double>(expected, out var read, out _));
        Assert.Equal(number, read);
    }

    [Theory]
    [InlineData("0.9,0.999", 2)]
    [InlineData("0,9,0,999", null)]
    [InlineData("0.9;0.999", null)]
    [InlineData("0.9", null)]
    public void NumberList_Text_HasAsManyNumbersAsItMust(string text, int? expected)
    {
        var option = new NumberListOption("--betas") { Count = 2, Example = "0.9,0.999" };
        var parsed = new System.CommandLine.RootCommand { option }.Parse(["--betas", text]);

        Assert.Equal(
            expected is null,
            parsed.Errors.Any(error => error.Message.StartsWith($"--betas {text}: ", StringComparison.Ordinal))
        );
        if (expected is not null)
            Assert.Equal(expected, parsed.GetValue(option)!.Length);
    }

    [Theory]
    [InlineData(0.1234, "12.3 %")]
    [InlineData(-0.0004, "0.0 %")]
    [InlineData(-0.0, "0.0 %")]
    [InlineData(-0.0006, "-0.1 %")]
    [InlineData(double.NegativeInfinity, "-Infinity %")]
    public void Percent_Share_HasOneDecimalAndNoNegativeZero(double share, string expected) =>
        Assert.Equal(expected, Numbers.Percent(share));
}
