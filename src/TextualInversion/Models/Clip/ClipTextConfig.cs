using TextualInversion.Checkpoints;

namespace TextualInversion.Models.Clip;

/// <summary>
/// <c>text_encoder/config.json</c>
/// (https://huggingface.co/docs/transformers/model_doc/clip#transformers.CLIPTextConfig).
/// </summary>
internal sealed record ClipTextConfig : IModelConfig
{
    public required int VocabSize { get; init; }

    /// <summary>d, the width of a token embedding.</summary>
    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int NumHiddenLayers { get; init; }

    public required int NumAttentionHeads { get; init; }

    /// <summary>S, the most tokens of a prompt.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary><c>quick_gelu</c> (x sigmoid(1.702 x)) in OpenAI's models, <c>gelu</c> in OpenCLIP's.</summary>
    public string HiddenAct { get; init; } = "quick_gelu";

    /// <summary>The width of the projected pooled output, if the encoder has a projection.</summary>
    public int ProjectionDim { get; init; } = 512;

    internal ClipLayerConfig Layer => new(HiddenSize, IntermediateSize, NumAttentionHeads, LayerNormEps, HiddenAct);

    /// <inheritdoc/>
    public void Validate(ConfigCheck check)
    {
        Layer.Validate(check, NumHiddenLayers);
        check.Range("vocab_size", VocabSize, 1, 10_000_000);
        check.Range("max_position_embeddings", MaxPositionEmbeddings, 3, ClipLayerConfig.MostWidth);
        check.Range("projection_dim", ProjectionDim, 1, ClipLayerConfig.MostWidth);
    }

    /// <summary>Compares the config with the shapes of the weights.</summary>
    /// <exception cref="TextualInversionException">They differ.</exception>
    internal void RequireFit(ConfigWeights weights)
    {
        const string Tokens = "embeddings.token_embedding.weight",
            Positions = "embeddings.position_embedding.weight";
        weights.Size("vocab_size", VocabSize, Tokens, axis: 0);
        weights.Size("hidden_size", HiddenSize, Tokens, axis: 1);
        weights.Size("max_position_embeddings", MaxPositionEmbeddings, Positions, axis: 0);
        weights.Size("intermediate_size", IntermediateSize, "encoder.layers.0.mlp.fc1.weight", axis: 0);
        weights.Count("num_hidden_layers", NumHiddenLayers, i => $"encoder.layers.{i}.layer_norm1.weight");
    }

    /// <summary>Compares the width of the projection with the weights, for an encoder that has one.</summary>
    /// <exception cref="TextualInversionException">They differ.</exception>
    internal void RequireProjectionFit(ConfigWeights weights) =>
        weights.Size("projection_dim", ProjectionDim, "text_projection.weight", axis: 0);
}
