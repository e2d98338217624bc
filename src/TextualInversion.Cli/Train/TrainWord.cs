using TextualInversion.Models.Tokenizers;
using TextualInversion.Training;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>A word that a run learns.</summary>
/// <param name="Placeholder">The placeholder token.</param>
/// <param name="Start">The rows that training starts from.</param>
/// <param name="LearningRate">Its peak learning rate, or null for that of the run's options.</param>
internal sealed record TrainWord(Placeholder Placeholder, InitialEmbedding Start, double? LearningRate = null)
{
    /// <summary>The word as the trainer takes it.</summary>
    public LearnedWord Learned => new(Placeholder, Start.Rows, LearningRate);

    /// <summary>The words of a request.</summary>
    /// <param name="request">The arguments.</param>
    /// <param name="starts">The rows that each word starts from.</param>
    public static IReadOnlyList<TrainWord> Of(TrainRequest request, IReadOnlyList<InitialEmbedding> starts) =>
        request.Together is null
            ? [new TrainWord(request.Placeholder, starts[0])]
            :
            [
                .. request.Together.Zip(
                    starts,
                    (word, start) => new TrainWord(word.Placeholder, start, word.Options.LearningRate)
                ),
            ];
}
