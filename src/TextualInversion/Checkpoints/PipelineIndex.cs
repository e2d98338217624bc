using System.Text.Json.Serialization;

namespace TextualInversion.Checkpoints;

/// <summary>The values of <c>model_index.json</c> that matter here, or the defaults for a model without one.</summary>
internal sealed record PipelineIndex
{
    public const string FileName = "model_index.json";

    /// <summary>The name of diffusers' pipeline.</summary>
    [JsonPropertyName("_class_name")]
    public string? ClassName { get; init; }

    /// <summary>
    /// Whether Stable Diffusion XL uses zeros instead of the empty prompt if there is no negative prompt.
    /// </summary>
    public bool ForceZerosForEmptyPrompt { get; init; } = true;

    /// <summary>Whether the model is Stable Diffusion XL's refiner.</summary>
    public bool RequiresAestheticsScore { get; init; }

    /// <exception cref="TextualInversionException">The file is there and cannot be read or is malformed.</exception>
    public static PipelineIndex Read(IModelFiles files) =>
        files.Has(FileName)
            ? ConfigJson.Parse<PipelineIndex>(files.ReadText(FileName), files.DisplayPath(FileName))
            : new PipelineIndex();
}
