using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Models.Tokenizers;

public sealed class InitializerTests
{
    [Theory]
    [InlineData("cat", "cat</w>")]
    [InlineData("small Cat", "small</w> cat</w>")]
    [InlineData("ginger cat", "g in g er</w> cat</w>")]
    [InlineData("cat's toy", "cat</w> ' s</w> toy</w>")]
    [InlineData("close-up", "close</w> -</w> up</w>")]
    public void Parse_Phrase_ShowsHowItWasUnderstood(string phrase, string pieces)
    {
        var initializer = Initializer.Parse(DemoTokenizer.Instance, phrase);
        Assert.Equal(pieces, string.Join(' ', initializer.Pieces));
        Assert.Equal(DemoTokenizer.Instance.Encode(phrase), initializer.Ids);
        Assert.Equal(phrase, initializer.Phrase);
    }

    [Fact]
    public void Parse_WhatTheDemoModelKnows_IsAccepted()
    {
        const string Words =
            "cat dog fish bird house tree car boat cup ball star heart mushroom flower robot rocket "
            + "red orange yellow green teal blue purple pink brown black white gray plain striped dotted checkered "
            + "accents beach snow grass desert water space wooden table night small large photo rendering "
            + "painting sketch pixel art";
        Assert.All(Words.Split(' '), word => Assert.Single(Initializer.Parse(DemoTokenizer.Instance, word).Ids));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("...")]
    [InlineData("* + —")]
    public void Parse_NothingButPunctuation_IsNoWord(string phrase) =>
        Assert.Equal(
            $"The initializer \"{phrase}\" is not a word. Name what the images show, such as cat.",
            Refusal(phrase)
        );

    [Fact]
    public void Parse_SpecialToken_IsRefused() =>
        Assert.Equal(
            "The initializer \"cat <|endoftext|>\" holds a special token. Name what the images show, such as cat.",
            Refusal("cat <|endoftext|>")
        );

    [Fact]
    public void Parse_WordOfLettersOnly_ProposesTheNearest() =>
        Assert.Equal(
            "The initializer's \"dox\" is not a word of the model's vocabulary, which spells it d o x</w>. Choose "
                + "another; the nearest are dog, toy, not.",
            Refusal("a dox")
        );

    [Theory]
    [InlineData("qxzv")]
    [InlineData("a cat qxzv")]
    [InlineData("猫")]
    [InlineData("🐱")]
    public void Parse_WordThatFallsApart_IsRefused(string phrase) =>
        Assert.Contains(
            "is not a word of the model's vocabulary, which spells it",
            Refusal(phrase),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("cat dog fish", 1, "cat dog fish")]
    [InlineData("cat dog fish", 2, "cat | dog fish")]
    [InlineData("cat dog fish", 3, "cat | dog | fish")]
    [InlineData("cat dog fish", 5, "cat | dog | fish |  | ")]
    [InlineData("cat dog fish bird house", 3, "cat | dog fish | bird house")]
    [InlineData("cat", 2, "cat | ")]
    public void SpreadOver_Vectors_GroupsOrLeavesTheRestEmpty(string phrase, int vectors, string expected)
    {
        var rows = Initializer.Parse(DemoTokenizer.Instance, phrase).SpreadOver(vectors);
        Assert.Equal(expected, string.Join(" | ", rows.Select(DemoTokenizer.Instance.Decode)));
    }

    [Fact]
    public void SpreadOver_NoVectors_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Initializer.Parse(DemoTokenizer.Instance, "cat").SpreadOver(0)
        );

    private static string Refusal(string phrase) =>
        Assert.Throws<TextualInversionException>(() => Initializer.Parse(DemoTokenizer.Instance, phrase)).Message;
}
