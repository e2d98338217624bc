using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>What to learn: one word or, if captions name several, all of them together.</summary>
/// <param name="Words">The words in the order of their vectors.</param>
/// <param name="Images">The encoded training images, usually three to five.</param>
/// <param name="Prompts">The prompts of the images.</param>
internal sealed record Concept(IReadOnlyList<LearnedWord> Words, LatentDataset Images, PromptSource Prompts)
{
    /// <param name="placeholder">The placeholder token of the only word.</param>
    /// <param name="initialRows">Its vectors before training, (n, d) for each text encoder.</param>
    /// <param name="images">The encoded training images.</param>
    /// <param name="prompts">The prompts of the images.</param>
    public Concept(
        Placeholder placeholder,
        IReadOnlyList<Tensor> initialRows,
        LatentDataset images,
        PromptSource prompts
    )
        : this([new LearnedWord(placeholder, initialRows)], images, prompts) { }

    /// <summary>The placeholder token of each word.</summary>
    public IReadOnlyList<Placeholder> Placeholders => [.. Words.Select(word => word.Placeholder)];

    /// <summary>The vectors of all words before training, (n, d) for each text encoder.</summary>
    /// <returns>New tensors if there are several words.</returns>
    public IReadOnlyList<Tensor> InitialRows() => WordRows.Join([.. Words.Select(word => word.InitialRows)]);
}

/// <summary>A word that is learned.</summary>
/// <param name="Placeholder">The placeholder token, which stands for the vectors in prompts.</param>
/// <param name="InitialRows">The vectors before training, (n, d) for each text encoder.</param>
/// <param name="LearningRate">The peak learning rate. Default: that of the options.</param>
internal sealed record LearnedWord(
    Placeholder Placeholder,
    IReadOnlyList<Tensor> InitialRows,
    double? LearningRate = null
);
