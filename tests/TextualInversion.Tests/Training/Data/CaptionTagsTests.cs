using TextualInversion.Training.Data;

namespace TextualInversion.Tests.Training.Data;

public sealed class CaptionTagsTests
{
    private const string Caption = "photo,{} sitting, red,  blue, green,";

    [Fact]
    public void Vary_NothingAsked_LeavesTheCaptionAsItIs() =>
        Assert.Equal(Caption, CaptionTags.Vary(Caption, new TrainOptions { KeepTags = 1 }, Random(1)));

    [Fact]
    public void Vary_Shuffle_KeepsAllTagsAndTheFirstInPlace()
    {
        var varied = Enumerable
            .Range(0, 200)
            .Select(i => CaptionTags.Vary(Caption, new TrainOptions { ShuffleTags = true, KeepTags = 1 }, Random(i)))
            .ToList();

        Assert.All(varied, caption => Assert.StartsWith("photo, ", caption, StringComparison.Ordinal));
        Assert.All(
            varied,
            caption =>
                Assert.Equal(
                    ["blue", "green", "photo", "red", "{} sitting"],
                    caption.Split(", ").Order(StringComparer.Ordinal)
                )
        );
        Assert.Equal(24, varied.Distinct().Count());
    }

    [Fact]
    public void Vary_Drop_LeavesOutAsManyAsAskedAndNeverThePlaceholder()
    {
        var varied = Enumerable
            .Range(0, 1000)
            .Select(i =>
                CaptionTags.Vary(Caption, new TrainOptions { DropTags = 0.3, KeepTags = 1 }, Random(i)).Split(", ")
            )
            .ToList();

        Assert.All(varied, tags => Assert.Equal(["photo", "{} sitting"], tags[..2]));
        Assert.All(
            varied,
            tags =>
                Assert.Equal(
                    tags.Order(
                        Comparer<string>.Create(
                            (a, b) =>
                                Caption.IndexOf(a, StringComparison.Ordinal)
                                - Caption.IndexOf(b, StringComparison.Ordinal)
                        )
                    ),
                    tags
                )
        );
        Assert.InRange(varied.Average(tags => tags.Length - 2), 3 * 0.7 - 0.1, 3 * 0.7 + 0.1);
    }

    [Fact]
    public void Vary_SameRandom_GivesTheSame()
    {
        var options = new TrainOptions { ShuffleTags = true, DropTags = 0.5 };
        Assert.Equal(CaptionTags.Vary(Caption, options, Random(5)), CaptionTags.Vary(Caption, options, Random(5)));
    }

    private static StepRandom Random(long counter) => new(1, RandomStream.Prompt, counter);
}
