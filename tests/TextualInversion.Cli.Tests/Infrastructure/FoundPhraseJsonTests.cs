using TextualInversion.Cli.Infrastructure;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Tests.Infrastructure;

public sealed class FoundPhraseJsonTests
{
    /// <summary>A run's record and the file of its phrase are read again, with null refused in lists.</summary>
    [Fact]
    public void Deserialize_PhraseOfAStyle_HasWhatItsImagesShow()
    {
        var found = new FoundPhrase("teal", 0.9, [new RankedPhrase("teal", 0.9)], [], ["house", ""]);

        var read = JsonOutput.Deserialize<FoundPhrase>(JsonOutput.Serialize(found));

        Assert.Equal(["house", ""], read.Shown);
    }
}
