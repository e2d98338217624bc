using TextualInversion.Cli.Completion;

namespace TextualInversion.Cli.Tests.Completion;

public sealed class TypedLineTests
{
    [Theory]
    [InlineData("ti tra", "ti", "tra")]
    [InlineData("ti train ", "ti|train", "")]
    [InlineData("  ti   train", "ti", "train")]
    [InlineData("ti --prompt \"a painting of <my", "ti|--prompt", "a painting of <my")]
    [InlineData("ti --prompt 'a \"b\" ' --st", "ti|--prompt|a \"b\" ", "--st")]
    [InlineData(@"ti --sampler dpm++\ 2m", "ti|--sampler", "dpm++ 2m")]
    [InlineData(@"ti 'a\b' ""c\d\""e"" f", @"ti|a\b|c\d""e", "f")]
    [InlineData("ti \"\" x", "ti||x", "", true)]
    [InlineData("ti --model=\"a b", "ti", "--model=a b")]
    [InlineData("ti x\\", "ti", "x\\")]
    [InlineData("", "", "")]
    public void Parse_Line_SplitsAsAShellDoes(string line, string words, string current, bool endsWithBlank = false)
    {
        var typed = TypedLine.Parse(endsWithBlank ? line + " " : line);

        Assert.Equal(words, string.Join('|', typed.Words));
        Assert.Equal(current, typed.Current);
    }
}
