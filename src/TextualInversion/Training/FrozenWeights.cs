using TextualInversion.Models;

namespace TextualInversion.Training;

/// <summary>The hashes of a frozen model's networks, which show that a run did not change them.</summary>
internal sealed class FrozenWeights
{
    private readonly IDiffusionModel model;
    private readonly FrozenHash vae;
    private readonly Dictionary<ModelPart, string> before;

    /// <param name="model">The model, before the first step.</param>
    /// <param name="vae">The hashes of the VAE's encoder, which is in memory only while it encodes the images.</param>
    public FrozenWeights(IDiffusionModel model, FrozenHash vae)
    {
        (this.model, this.vae) = (model, vae);
        before = model.Parts.Where(part => part != ModelPart.VaeEncoder).ToDictionary(part => part, model.Hash);
        Before = before.Append(new(ModelPart.VaeEncoder, vae.Before)).ToDictionary(Name, pair => pair.Value);
    }

    /// <summary>The SHA-256 of each network's values before the first step, by the network's name.</summary>
    public IReadOnlyDictionary<string, string> Before { get; }

    /// <summary>The hashes before the first step and now, by the network's name.</summary>
    /// <exception cref="InvalidOperationException">A network changed.</exception>
    public IReadOnlyDictionary<string, FrozenHash> RequireUnchanged() =>
        before
            .Select(pair => KeyValuePair.Create(pair.Key, FrozenHash.Of(pair.Key, pair.Value, model.Hash(pair.Key))))
            .Prepend(new(ModelPart.VaeEncoder, vae))
            .ToDictionary(pair => pair.Key.ToString(), pair => pair.Value);

    private static string Name(KeyValuePair<ModelPart, string> pair) => pair.Key.ToString();
}
