using System.Text.Json.Serialization;

namespace TextualInversion.Checkpoints;

/// <summary>What <c>model_index.json</c> says of a model; a folder or file without one says nothing.</summary>
internal sealed record PipelineIndex
{
    public const string FileName = "model_index.json";

    /// <summary>The name of diffusers' pipeline.</summary>
    [JsonPropertyName("_class_name")]
    public string? ClassName { get; init; }

    /// <summary>Whether no negative prompt means zeros rather than the empty prompt, in Stable Diffusion XL.</summary>
    public bool ForceZerosForEmptyPrompt { get; init; } = true;

    /// <summary>Whether it is Stable Diffusion XL's refiner.</summary>
    public bool RequiresAestheticsScore { get; init; }

    /// <exception cref="TextualInversionException">The file is there and cannot be read or is malformed.</exception>
    public static PipelineIndex Read(IModelFiles files) =>
        files.Has(FileName)
            ? ConfigJson.Parse<PipelineIndex>(files.ReadText(FileName), files.DisplayPath(FileName))
            : new PipelineIndex();
}
