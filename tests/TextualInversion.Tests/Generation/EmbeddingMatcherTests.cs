using TextualInversion.Generation;

namespace TextualInversion.Tests.Generation;

public sealed class EmbeddingMatcherTests
{
    [Theory]
    [InlineData("bad-hands-5")]
    [InlineData("bad_prompt_version2")]
    [InlineData("ng_deepnegative_v1_75t")]
    [InlineData("EasyNegative")]
    [InlineData("v1.5-mix")]
    [InlineData("By bad artist -neg")]
    [InlineData("name (1)")]
    [InlineData("-neg-")]
    [InlineData("ulzzang")]
    [InlineData("Süßigkeit")]
    [InlineData("悪い手")]
    public void Find_AnyStem_IsFoundInEveryProgramsWay(string stem)
    {
        var matcher = Matcher(EmbeddingNames.Of($"{stem}.pt", "*"));
        string[] ways =
        [
            stem,
            stem.ToUpperInvariant().Replace("SS", "ß", StringComparison.Ordinal),
            $"<{stem}>",
            $"embedding:{stem}",
            $"embedding:{stem}.pt",
            $"embedding:{stem}.safetensors",
            $"<embed:{stem}>",
            stem.Replace("(", "\\(", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal),
        ];
        foreach (var way in ways)
        {
            foreach (
                var prompt in new[] { way, $"a cat, {way}", $"({way}:1.2), red", $"[{way}:cat:0.5]", $"{way}, {way}." }
            )
                Assert.Equal(prompt.Replace(way, "#0", StringComparison.Ordinal), Shown(matcher, prompt));
        }
    }

    [Theory]
    [InlineData("a banner with an annual plan", "a banner with an annual plan")]
    [InlineData("ann, ann-b b-ann ann.b ann_b anns xann", "#0, ann-b b-ann ann.b ann_b anns xann")]
    [InlineData("ann's ann. ann! (ann) [ann|ann] ann/ann ann", "#0's #0. #0! (#0) [#0|#0] #0/#0 #0")]
    [InlineData("<b-ann> <ann:1> <lora:ann:0.8> <|ann|>", "<b-ann>? <ann:1>? <lora:ann:0.8>? <|#0|>")]
    [InlineData("一只ann猫", "一只#0猫")]
    public void Find_Words_MatchWhole(string prompt, string expected) =>
        Assert.Equal(expected, Shown(Matcher(EmbeddingNames.Of("ann.pt", "ann")), prompt));

    [Theory]
    [InlineData("EasyNegativeV2 easynegative", "#1 #0")]
    [InlineData("embedding:EasyNegativeV2, embedding:EasyNegative", "#1, #0")]
    [InlineData("EasyNegativeV3 EasyNegative-2 EasyNegatives", "EasyNegativeV3 EasyNegative-2 EasyNegatives")]
    [InlineData("embedding:EasyNegativeV3 embedding:none.pt", "embedding:EasyNegativeV3? embedding:none.pt?")]
    public void Find_NamesThatBeginAlike_AreToldApart(string prompt, string expected) =>
        Assert.Equal(
            expected,
            Shown(
                Matcher(EmbeddingNames.Of("EasyNegative.pt", "*"), EmbeddingNames.Of("EasyNegativeV2.pt", "*")),
                prompt
            )
        );

    [Theory]
    [InlineData("My-Cat my-cat MY-CAT", "#0 #1 #0")]
    [InlineData("embedding:My-Cat embedding:my-cat", "#0 #1")]
    [InlineData("<My-Cat> <my-cat>", "#0 #1")]
    public void Find_NamesThatDifferInCase_TakesTheExactOneFirst(string prompt, string expected) =>
        Assert.Equal(
            expected,
            Shown(
                Matcher(
                    EmbeddingNames.Of("My-Cat.safetensors", "<My-Cat>"),
                    EmbeddingNames.Of("my-cat.safetensors", "<my-cat>")
                ),
                prompt
            )
        );

    [Theory]
    [InlineData("cat")]
    [InlineData("*")]
    [InlineData("a photo")]
    [InlineData("2")]
    public void Find_InnerNameOfAForeignFile_IsNotATrigger(string inner)
    {
        var matcher = Matcher(EmbeddingNames.Of("MyPet_v1.pt", inner));
        const string Prompt = "a photo of a cat, caterpillar, 2 * 3";
        Assert.Equal(Prompt, Shown(matcher, Prompt));
        Assert.Equal("a #0", Shown(matcher, "a MyPet_v1"));
    }

    [Theory]
    [InlineData("<Little Prince-moon >", "a <Little Prince-moon > here", "a #0 here")]
    [InlineData("cat", "a <cat>", "a #0")]
    [InlineData("<x>", "<x> <X> x", "#0 #0 x")]
    public void Find_InnerNameInAngles_IsATrigger(string inner, string prompt, string expected) =>
        Assert.Equal(expected, Shown(Matcher(EmbeddingNames.Of("learned_embeds.bin", inner)), prompt));

    [Theory]
    [InlineData("asks sks tasks", "asks #0 tasks")]
    [InlineData("<sks>", "#0")]
    public void Find_TriggerOfAnOwnFile_MatchesWholeWords(string prompt, string expected) =>
        Assert.Equal(expected, Shown(Matcher(EmbeddingNames.Of("dog.pt", "sks", isOwn: true)), prompt));

    [Fact]
    public void Find_StemThatIsAWordWithAnotherTrigger_NeedsBracketsOrPrefix() =>
        Assert.Equal(
            "a cat, #0, #0",
            Shown(Matcher(EmbeddingNames.Of("cat.safetensors", "<cat>")), "a cat, <cat>, embedding:cat")
        );

    [Fact]
    public void Find_AskedTrigger_ComesFirst()
    {
        var matcher = Matcher(
            EmbeddingNames.Of("tom.pt", "<tom>"),
            EmbeddingNames.Of("b.pt", "<b>", isOwn: false, asked: "tom")
        );
        Assert.Equal("#1 #1 #1 #1", Shown(matcher, "tom <tom> embedding:tom b"));
    }

    [Theory]
    [InlineData("embedding:sub/name", "#1")]
    [InlineData("embedding:sub\\name", "#1")]
    [InlineData("embedding:name", "#0")]
    [InlineData("sub/name, name", "#1, #0")]
    [InlineData("<sub/name>", "#1")]
    [InlineData("embedding:other/name", "embedding:other/name?")]
    public void Find_SubFolder_IsAPartOfTheName(string prompt, string expected) =>
        Assert.Equal(
            expected,
            Shown(Matcher(EmbeddingNames.Of("name.pt", "*"), EmbeddingNames.Of("sub/name.pt", "*")), prompt)
        );

    [Theory]
    [InlineData("caf\u00e9-1", "cafe\u0301-1")]
    [InlineData("cafe\u0301-1", "caf\u00e9-1")]
    public void Find_ComposedAndDecomposedLetters_AreOneName(string stem, string prompt)
    {
        var matcher = Matcher(EmbeddingNames.Of($"{stem}.pt", "*"));
        Assert.Equal("#0 #0 #0", Shown(matcher, $"{prompt} <{prompt}> embedding:{prompt}"));
        Assert.Equal("cafe-1", Shown(matcher, "cafe-1"));
    }

    [Fact]
    public void Find_WeightInBrackets_IsGiven()
    {
        var match = Assert.Single(
            Matcher(EmbeddingNames.Of("a-b.pt", "*")).Find("red <embedding:A-b:1.25>"),
            found => found.Candidates.Count > 0
        );
        Assert.Equal(("1.25", 4), (match.Weight, match.Start));
    }

    [Theory]
    [InlineData("a < b and c > d")]
    [InlineData("<3 hearts")]
    [InlineData("embedding: a technique")]
    [InlineData("a<b\n>")]
    [InlineData("<|endoftext|>")]
    public void Find_TextThatCallsNothing_IsLeftAlone(string prompt) =>
        Assert.Empty(Matcher(EmbeddingNames.Of("x-y.pt", "*")).Find(prompt));

    private static EmbeddingMatcher Matcher(params EmbeddingNames[] names) => new(names);

    /// <summary>
    /// The prompt with #i in place of embedding i, and ? after a reference to an embedding that does not exist.
    /// </summary>
    private static string Shown(EmbeddingMatcher matcher, string prompt) =>
        matcher.Replace(
            prompt,
            match => match.Candidates.Count > 0 ? $"#{match.Candidates[0].Index}" : $"{match.Text}?"
        );
}
