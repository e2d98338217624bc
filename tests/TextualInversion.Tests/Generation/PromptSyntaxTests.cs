using TextualInversion.Generation;

namespace TextualInversion.Tests.Generation;

public sealed class PromptSyntaxTests
{
    /// <summary>
    /// Worked out by hand from the WebUI's rules: text|weight, parts separated by a slash, # for a break.
    /// </summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("a red cat", "a red cat|1")]
    [InlineData("an (important) word", "an |1/important|1.1/ word|1")]
    [InlineData("(open", "open|1.1")]
    [InlineData("[open", "open|0.909091")]
    [InlineData("closed) too]", "closed) too]|1")]
    [InlineData(@"\(as it is\] \\", @"(as it is] \|1")]
    [InlineData("(a)(b)", "ab|1.1")]
    [InlineData("((a:1.5) b)", "a|1.65/ b|1.1")]
    [InlineData("(a:1.3) 4:3 (b: 0.5 )", "a|1.3/ 4:3 |1/b|0.5")]
    [InlineData("a:1.2)", "a:1.2)|1")]
    [InlineData("(a:1.2.3)", "a:1.2.3)|1.1")]
    [InlineData("(<my-cat>:0.7) on [a beach]", "<my-cat>|0.7/ on |1/a beach|0.909091")]
    [InlineData("a BREAK b", "a|1/#/b|1")]
    [InlineData("(a BREAK b:2)", "a|2/#/b|2")]
    [InlineData("BREAKFAST", "BREAKFAST|1")]
    public void Parse_Prompt_GivesTheWebUisWeights(string prompt, string expected)
    {
        var parts = PromptSyntax
            .Parse(prompt)
            .Select(part => part.IsBreak ? "#" : FormattableString.Invariant($"{part.Text}|{part.Weight:0.######}"));
        Assert.Equal(expected, string.Join('/', parts));
    }

    [Fact]
    public void Parse_WeightBeyondReason_Throws()
    {
        var error = Assert.Throws<TextualInversionException>(() => PromptSyntax.Parse("a (cat:99999999)"));
        Assert.Equal("The prompt gives \"cat\" the weight 1E+08; choose one such as 1.3.", error.Message);
    }

    [Fact]
    public void Parse_ManyOpenBrackets_IsNoStackOverflow() =>
        Assert.Throws<TextualInversionException>(() => PromptSyntax.Parse(new string('(', 20_000) + "a"));
}
