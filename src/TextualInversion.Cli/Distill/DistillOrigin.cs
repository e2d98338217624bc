using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Training.Distillation;

namespace TextualInversion.Cli.Distill;

/// <summary>What the file of a distilled embedding says about where it comes from.</summary>
/// <param name="Request">The prompt and the embeddings.</param>
/// <param name="Model">The model as it is recorded.</param>
/// <param name="Loras">The LoRAs that were part of it.</param>
/// <param name="Prediction">What it predicts.</param>
internal sealed record DistillOrigin(
    DistillRequest Request,
    string Model,
    IReadOnlyList<Lora> Loras,
    PredictionType Prediction
)
{
    private const string PromptKey = "distilled_from",
        TokensKey = "distilled_tokens",
        TargetKey = "distilled_target";

    /// <summary>The embedding with its metadata. The result still disposes of the vectors.</summary>
    public LearnedEmbedding Embedding(DistillationResult result, DistillationOptions options, IDiffusionModel network)
    {
        var token = Request.Placeholder.Name;
        var spec = ModelSpec.Of(
            token,
            EmbeddingNames.FileStem(token),
            result.Rows,
            network.Resolution,
            Prediction,
            options.IsNegative
        );
        spec[ModelSpec.Prefix + "description"] = $"Distilled from the prompt: {Request.Prompt}";
        spec[PromptKey] = Request.Prompt;
        spec[TokensKey] = result.Tokens.ToString(CultureInfo.InvariantCulture);
        spec[TargetKey] = options.Target.ToString().ToLowerInvariant();
        var provenance = new EmbeddingProvenance
        {
            BaseModel = Model,
            BaseModelSha256 = EmbeddingProvenance.HashOf(
                network.Parts.ToDictionary(part => part.ToString(), network.Hash)
            ),
            Steps = result.BestStep,
            Seed = options.Seed,
            Software = $"ti {Versions.Of(typeof(DistillOrigin))}",
            Loras = Loras,
            Others = spec,
        };
        return new LearnedEmbedding(token, result.Rows, provenance.ToMetadata());
    }
}
