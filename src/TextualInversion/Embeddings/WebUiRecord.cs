using System.Globalization;

namespace TextualInversion.Embeddings;

/// <summary>
/// What the WebUI notes beside the vectors, in pickles and in images
/// (https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/master/modules/textual_inversion/textual_inversion.py,
/// <c>Embedding.save</c>).
/// </summary>
/// <param name="Name">what diffusers takes for the trigger</param>
/// <param name="Step">steps of the training</param>
/// <param name="Checkpoint">a hash of the base model's file</param>
/// <param name="CheckpointName">the base model</param>
internal sealed record WebUiRecord(string? Name, long? Step, string? Checkpoint, string? CheckpointName)
{
    /// <summary>The token of the asterisk, which the WebUI writes whatever the trigger is.</summary>
    public const long AsteriskToken = 265;

    private const string Steps = "steps",
        Hash = "sd_checkpoint",
        Model = "sd_checkpoint_name",
        OurModel = "base_model";

    /// <summary>What of an embedding's provenance the record holds.</summary>
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

    /// <summary>The name, else the file's stem, which is what the WebUI goes by.</summary>
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
