using TextualInversion.Checkpoints;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Training;
using TextualInversion.Training.Distillation;

namespace TextualInversion.Cli.Distill;

/// <summary>What the file of a distilled embedding says about where it comes from.</summary>
/// <param name="Request">The prompt and the embeddings.</param>
/// <param name="Model">The model as it is recorded.</param>
/// <param name="Files">The model's files, with the LoRAs.</param>
/// <param name="Loras">The LoRAs that were part of it.</param>
/// <param name="Prediction">What it predicts.</param>
internal sealed record DistillOrigin(
    DistillRequest Request,
    string Model,
    IModelFiles Files,
    IReadOnlyList<Lora> Loras,
    PredictionType Prediction
)
{
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
        foreach (var (key, value) in PromptDistillation.Origin(Request.Prompt, result.Tokens, options.Target))
            spec[key] = value;
        var provenance = new EmbeddingProvenance
        {
            BaseModel = Model,
            BaseModelSha256 = OwnWeights.HashOfModel(network, Files),
            Steps = result.BestStep,
            Seed = options.Seed,
            Software = $"ti {Versions.Of(typeof(DistillOrigin))}",
            Loras = Loras,
            LoraSha256 = Lora.Hashes(Loras),
            Others = spec,
        };
        return new LearnedEmbedding(token, result.Rows, provenance.ToMetadata());
    }
}
