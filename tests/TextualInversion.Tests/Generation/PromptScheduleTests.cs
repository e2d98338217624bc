using TextualInversion.Generation;

namespace TextualInversion.Tests.Generation;

public sealed class PromptScheduleTests
{
    /// <summary>Each prompt with the last of the 10 steps that use it.</summary>
    [Theory]
    [InlineData("test", "10 test")]
    [InlineData("a [b:3]", "3 a |10 a b")]
    [InlineData("a [b: 3 ]", "3 a |10 a b")]
    [InlineData("a [[[b]]:2]", "2 a |10 a [[b]]")]
    [InlineData("[(a:2):3]", "3 |10 (a:2)")]
    [InlineData("a [b : c : 1] d", "1 a b  d|10 a  c  d")]
    [InlineData("a[b:[c:d:2]:1]e", "1 abe|2 ace|10 ade")]
    [InlineData("a [unbalanced", "10 a [unbalanced")]
    [InlineData("a [b:.5] c", "5 a  c|10 a b c")]
    [InlineData("((a][:b:c [d:3]", "3 ((a][:b:c |10 ((a][:b:c d")]
    [InlineData("[a|(b:1.1)]", "1 a|2 (b:1.1)|3 a|4 (b:1.1)|5 a|6 (b:1.1)|7 a|8 (b:1.1)|9 a|10 (b:1.1)")]
    [InlineData("[fe|]male", "1 female|2 male|3 female|4 male|5 female|6 male|7 female|8 male|9 female|10 male")]
    [InlineData("[a::0.5]", "5 a|10 ")]
    [InlineData("[a:b:0.25]", "2 a|10 b")]
    [InlineData("[a:b:1.0]", "10 a")]
    [InlineData("[a:b:1]", "1 a|10 b")]
    [InlineData("[a:b:0]", "10 b")]
    [InlineData("[a:b:99]", "10 a")]
    [InlineData("[a:b:-1]", "10 b")]
    [InlineData("[a] (b:1.3) [c:d] [e:f:g:2]", "10 [a] (b:1.3) [c:d] [e:f:g:2]")]
    [InlineData(@"\[a:b:3] [a\:b:3]", @"3 \[a:b:3] |10 \[a:b:3] a\:b")]
    [InlineData("[[a|b]:c:2]", "1 a|2 b|10 c")]
    public void Of_TenSteps_ChangesAsTheWebUi(string prompt, string expected)
    {
        var prompts = PromptSchedule.Of(prompt, 10);
        var last = Enumerable.Range(1, 10).Where(step => step == 10 || prompts[step] != prompts[step - 1]);
        Assert.Equal(10, prompts.Count);
        Assert.Equal(expected, string.Join('|', last.Select(step => $"{step} {prompts[step - 1]}")));
    }

    [Fact]
    public void Of_ThreeAlternatives_TakeTurns() => Assert.Equal(["a", "b", "c", "a"], PromptSchedule.Of("[a|b|c]", 4));

    [Theory]
    [InlineData("[", "]")]
    [InlineData("[", "")]
    [InlineData("[a:", ":2]")]
    public void Of_BracketsWithinBracketsTooDeep_Throws(string open, string close)
    {
        string Prompt(int depth) => string.Concat(Enumerable.Repeat(open, depth).Append("a")) + Times(close, depth);
        Assert.Equal(10, PromptSchedule.Of(Prompt(100), 10).Count);
        Assert.Throws<TextualInversionException>(() => PromptSchedule.Of(Prompt(101), 10));
        Assert.Throws<TextualInversionException>(() => PromptText.Validate(Prompt(5000), "--prompt"));

        static string Times(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
    }

    [Fact]
    public void Of_ManyBracketsNextToEachOther_AreNotDeep() =>
        Assert.Single(PromptSchedule.Of(string.Concat(Enumerable.Repeat("[a] ", 1000)), 1));

    [Fact]
    public void Of_EqualPrompts_AreOneString()
    {
        var prompts = PromptSchedule.Of("[a|b]", 4);
        Assert.Same(prompts[0], prompts[2]);
    }
}
