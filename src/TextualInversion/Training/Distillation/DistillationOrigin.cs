using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models;

namespace TextualInversion.Training.Distillation;

/// <summary>What the file of a distilled embedding says about where it comes from.</summary>
/// <param name="Prompt">The prompt, as it was written.</param>
/// <param name="Token">The placeholder token of the embedding.</param>
/// <param name="Model">The model as it is recorded.</param>
/// <param name="Files">The model's files, with the LoRAs.</param>
/// <param name="Loras">The LoRAs that were part of it.</param>
/// <param name="Prediction">What it predicts.</param>
/// <param name="Software">The program and its version.</param>
internal sealed record DistillationOrigin(
    string Prompt,
    string Token,
    string Model,
    IModelFiles Files,
    IReadOnlyList<Lora> Loras,
    PredictionType Prediction,
    string Software
)
{
    private const string PromptKey = "distilled_from",
        TokensKey = "distilled_tokens",
        TargetKey = "distilled_target";

    public EmbeddingProvenance Provenance(
        DistillationResult result,
        DistillationOptions options,
        IDiffusionModel network
    )
    {
        var others = ModelSpec.Of(
            Token,
            EmbeddingNames.FileStem(Token),
            result.Rows,
            network.Resolution,
            Prediction,
            options.IsNegative
        );
        others[ModelSpec.Prefix + "description"] = $"Distilled from the prompt: {Prompt}";
        others[PromptKey] = Prompt;
        others[TokensKey] = result.Tokens.ToString(CultureInfo.InvariantCulture);
        others[TargetKey] = options.Target.ToString().ToLowerInvariant();
        return new EmbeddingProvenance
        {
            BaseModel = Model,
            BaseModelSha256 = OwnWeights.HashOfModel(network, Files),
            Steps = result.BestStep,
            Seed = options.Seed,
            Software = Software,
            Loras = Loras,
            LoraSha256 = Lora.Hashes(Loras),
            Others = others,
        };
    }
}
