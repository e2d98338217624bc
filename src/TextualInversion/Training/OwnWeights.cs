using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Models;

namespace TextualInversion.Training;

/// <summary>The hashes of a model's own weights where LoRAs are merged into them.</summary>
internal static class OwnWeights
{
    /// <summary>
    /// The SHA-256 of each network that LoRAs may change, by its name, without them; empty if the model has none. The
    /// LoRAs are taken off meanwhile, so nothing else may use the model.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="files">Its files, with the LoRAs.</param>
    public static IReadOnlyDictionary<string, string> Hashes(IDiffusionModel model, IModelFiles files)
    {
        if (files is not ModelWithLoras { Loras: { Count: > 0 } loras } merged)
            return new Dictionary<string, string>();
        merged.Use([]);
        try
        {
            return model
                .Parts.Where(part => part != ModelPart.VaeEncoder)
                .ToDictionary(part => part.ToString(), model.Hash);
        }
        finally
        {
            merged.Use(loras);
        }
    }

    /// <summary>One hash of a model's values without LoRAs, as embeddings record it. Loads all networks.</summary>
    /// <inheritdoc cref="Hashes"/>
    public static string HashOfModel(IDiffusionModel model, IModelFiles files)
    {
        var own = Hashes(model, files);
        return EmbeddingProvenance.HashOf(
            model.Parts.ToDictionary(
                part => part.ToString(),
                part => own.TryGetValue(part.ToString(), out var hash) ? hash : model.Hash(part)
            )
        );
    }

    /// <summary>The hashes of all networks as the model's files have them.</summary>
    /// <param name="hashes">Those of the networks in use, with LoRAs merged, by their names.</param>
    /// <param name="own">See <see cref="Hashes"/>.</param>
    public static IReadOnlyDictionary<string, string> Replace(
        IReadOnlyDictionary<string, string> hashes,
        IReadOnlyDictionary<string, string> own
    ) => hashes.ToDictionary(pair => pair.Key, pair => own.GetValueOrDefault(pair.Key, pair.Value));
}
