using System.Globalization;

namespace TextualInversion.Embeddings;

/// <summary>
/// The WebUI's notes on an embedding, in pickles and in images
/// (https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/master/modules/textual_inversion/textual_inversion.py,
/// <c>Embedding.save</c>).
/// </summary>
/// <param name="Name">The name, which diffusers uses as the placeholder token.</param>
/// <param name="Step">The number of training steps.</param>
/// <param name="Checkpoint">A hash of the base model's file.</param>
/// <param name="CheckpointName">The name of the base model.</param>
internal sealed record WebUiRecord(string? Name, long? Step, string? Checkpoint, string? CheckpointName)
{
    /// <summary>The id of the asterisk, which the WebUI writes whatever the placeholder token is.</summary>
    public const long AsteriskToken = 265;

    private const string Steps = "steps",
        Hash = "sd_checkpoint",
        Model = "sd_checkpoint_name",
        OurModel = "base_model";

    /// <summary>The keys of the provenance that the record holds.</summary>
    public static IReadOnlyList<string> Keys { get; } = [Steps, Hash, Model, OurModel];

    public static WebUiRecord Of(LearnedEmbedding embedding)
    {
        var provenance = embedding.Provenance;
        var step = long.TryParse(
            provenance.GetValueOrDefault(Steps),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : (long?)null;
        return new WebUiRecord(
            embedding.Name ?? embedding.Trigger,
            step,
            provenance.GetValueOrDefault(Hash),
            provenance.GetValueOrDefault(Model) ?? provenance.GetValueOrDefault(OurModel)
        );
    }

    /// <summary>The name, or else the file's name without extension, as in the WebUI.</summary>
    public string Trigger(string path) => Name is { Length: > 0 } name ? name : Path.GetFileNameWithoutExtension(path);

    public Dictionary<string, string> Provenance()
    {
        var provenance = new Dictionary<string, string>();
        if (Step is { } step)
            provenance[Steps] = step.ToString(CultureInfo.InvariantCulture);
        if (Checkpoint is not null)
            provenance[Hash] = Checkpoint;
        if (CheckpointName is not null)
            provenance[Model] = CheckpointName;
        return provenance;
    }
}
