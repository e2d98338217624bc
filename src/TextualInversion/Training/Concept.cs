using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>What to learn.</summary>
/// <param name="Placeholder">The placeholder token, which stands for the vectors in prompts.</param>
/// <param name="InitialRows">The vectors before training, (n, d) for each text encoder.</param>
/// <param name="Images">The encoded training images, usually three to five.</param>
/// <param name="Prompts">The prompts of the images.</param>
internal sealed record Concept(
    Placeholder Placeholder,
    IReadOnlyList<Tensor> InitialRows,
    LatentDataset Images,
    PromptSource Prompts
);
