using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Training;

/// <summary>What is to be learned.</summary>
/// <param name="Placeholder">what the rows stand for</param>
/// <param name="InitialRows">(n, d) for each text encoder: where the rows start</param>
/// <param name="Images">three to five, encoded</param>
/// <param name="Prompts">the sentences for them</param>
internal sealed record Concept(
    Placeholder Placeholder,
    IReadOnlyList<Tensor> InitialRows,
    LatentDataset Images,
    PromptSource Prompts
);
