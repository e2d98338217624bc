using TextualInversion.Data;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;

namespace TextualInversion.Tests.Training.Data;

public sealed class PromptSourceTests
{
    private static readonly Placeholder Cat = Placeholder.Parse("my-cat");
    private static readonly string[] Templates = ["a photo of {}", "a drawing of {}"];

    [Fact]
    public void Prompt_Only_IsTheCaptionOrWhereThereIsNoneATemplate()
    {
        var drawn = Draw(CaptionUse.Only);
        Assert.Equal(["a <my-cat>, red"], drawn.Select(pair => pair.First).Distinct());
        Assert.Equal(
            ["a drawing of <my-cat>", "a photo of <my-cat>"],
            drawn.Select(pair => pair.Second).Distinct().Order()
        );
    }

    [Fact]
    public void Prompt_Mixed_IsEitherHalfOfTheTimes()
    {
        var drawn = Draw(CaptionUse.Mixed);
        Assert.InRange(drawn.Count(pair => pair.First == "a <my-cat>, red"), 430, 570);
        Assert.Equal(3, drawn.Select(pair => pair.First).Distinct().Count());
        Assert.Equal(2, drawn.Select(pair => pair.Second).Distinct().Count());
    }

    [Fact]
    public void Prompt_Off_IsATemplate() =>
        Assert.Equal(2, Draw(CaptionUse.Off).Select(pair => pair.First).Distinct().Count());

    [Fact]
    public void ValidationPrompt_VariedCaption_IsTheWholeOne()
    {
        var source = Source(
            new TrainOptions
            {
                Captions = CaptionUse.Mixed,
                ShuffleTags = true,
                DropTags = 0.9,
            }
        );
        Assert.All(
            Enumerable.Range(0, 20),
            i => Assert.Equal("a <my-cat>, red", source.ValidationPrompt(0, Cat, Random(i)))
        );
    }

    [Theory]
    [InlineData(CaptionUse.Only, 3)]
    [InlineData(CaptionUse.Mixed, 3)]
    [InlineData(CaptionUse.Off, 2)]
    internal void All_Use_AreThePromptsThatCanBe(CaptionUse use, int expected) =>
        Assert.Equal(expected, Source(new TrainOptions { Captions = use }).All(Cat).Count);

    [Fact]
    public void All_EveryImageDescribed_LeavesOutTheTemplates() =>
        Assert.Equal(
            ["a <my-cat>, red"],
            new PromptSource([Image("a cat, red")], Templates, "cat", new TrainOptions()).All(Cat)
        );

    [Fact]
    public void WithShownWords_ImagesOfAStyle_AreNamedAndOthersUseTheTemplates()
    {
        var source = new PromptSource(
            [Image(null), Image(null)],
            Templates,
            "painting",
            new TrainOptions { Property = LearnedProperty.Style }
        );
        Assert.True(source.WantsShownWords);

        var named = source.WithShownWords(["house", null]);

        Assert.Equal(["a house in the style of <my-cat>", null], named.Descriptions(Cat));
        Assert.Equal(
            ["a drawing of <my-cat>", "a photo of <my-cat>"],
            Enumerable.Range(0, 20).Select(i => named.Prompt(1, Cat, Random(i))).Distinct().Order()
        );
        Assert.False(named.WantsShownWords);
    }

    /// <summary>A resumed run reads the words that were found; images may have been added or removed since.</summary>
    [Fact]
    public void WithShownWords_OtherNumberOfImages_DescribesEachImage()
    {
        var source = new PromptSource([Image(null), Image(null)], Templates, "painting", new TrainOptions());

        string?[] fewer = ["house"];
        string?[] more = ["house", "", "tree"];
        string?[] expected = ["a house in the style of <my-cat>", null];
        Assert.Equal(expected, source.WithShownWords(fewer).Descriptions(Cat));
        Assert.Equal(expected, source.WithShownWords(more).Descriptions(Cat));
    }

    [Fact]
    public void WantsShownWords_OneImage_IsFalse()
    {
        var style = new TrainOptions { Property = LearnedProperty.Style };
        Assert.False(new PromptSource([Image(null)], Templates, "painting", style).WantsShownWords);
        Assert.True(new PromptSource([Image(null), Image(null)], Templates, "painting", style).WantsShownWords);
    }

    [Fact]
    public void WantsShownWords_ObjectOrCaption_IsFalse()
    {
        var style = new TrainOptions { Property = LearnedProperty.Style };
        Assert.False(Source(style).WantsShownWords); // the first image has a caption
        Assert.False(
            new PromptSource([Image(null), Image(null)], Templates, "cat", new TrainOptions()).WantsShownWords
        );
    }

    private static List<(string First, string Second)> Draw(CaptionUse use)
    {
        var source = Source(new TrainOptions { Captions = use });
        return
        [
            .. Enumerable
                .Range(0, 1000)
                .Select(i => (source.Prompt(0, Cat, Random(i)), source.Prompt(1, Cat, Random(i)))),
        ];
    }

    private static PromptSource Source(TrainOptions options) =>
        new([Image("a cat, red"), Image(null)], Templates, "cat", options);

    private static TrainingImage Image(string? caption) =>
        new("1.png", new RgbImage(new byte[3], 1, 1), "", 1, 1, caption);

    private static StepRandom Random(long counter) => new(1, RandomStream.Prompt, counter);
}
