using System.Text.Json.Serialization;

namespace TextualInversion.Training.Initializers;

/// <summary>A phrase, by how well it explains the images.</summary>
/// <param name="Words">Words of the vocabulary, joined by spaces.</param>
/// <param name="RelativeLoss">
/// The loss of prompts with the phrase in place of the placeholder token, divided by the loss of empty prompts: the
/// geometric mean over all examples. Below 1 the phrase helps.
/// </param>
internal sealed record RankedPhrase(string Words, double RelativeLoss);

/// <summary>The result of <see cref="PhraseSearch"/>.</summary>
/// <param name="Words">The best phrase, its words joined by spaces.</param>
/// <param name="RelativeLoss">See <see cref="RankedPhrase"/>.</param>
/// <param name="Stages">The phrase as it grew, one word longer each time. The last is the best phrase.</param>
/// <param name="RunnersUp">The next best phrases of the same length, the best first.</param>
/// <param name="Shown">
/// For a style the word for what each image shows, see <see cref="ShownWords"/>, empty for an image without one (run
/// records hold no null in lists); null if they were not searched for.
/// </param>
internal sealed record FoundPhrase(
    string Words,
    double RelativeLoss,
    IReadOnlyList<RankedPhrase> Stages,
    IReadOnlyList<RankedPhrase> RunnersUp,
    IReadOnlyList<string>? Shown = null
)
{
    /// <summary>The number of words, each of which is one token.</summary>
    [JsonIgnore]
    public int WordCount => Words.Split(' ').Length;
}
