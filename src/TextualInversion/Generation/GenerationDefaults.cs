using System.Text.Json;
using TextualInversion.Checkpoints;

namespace TextualInversion.Generation;

/// <summary>
/// The settings that a model recommends in <c>generation_config.json</c>, or null for those that it does not mention.
/// The file's name is that of transformers, the keys are diffusers' argument names.
/// </summary>
internal sealed record GenerationDefaults
{
    /// <summary>The number of sampling steps if the model recommends none.</summary>
    public const int DefaultSteps = 30;

    /// <summary>The guidance scale if the model recommends none.</summary>
    public const double DefaultGuidance = 7.5;

    private const string FileName = "generation_config.json";

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public double? GuidanceScale { get; init; }

    public int? NumInferenceSteps { get; init; }

    public string? Sampler { get; init; }

    /// <exception cref="TextualInversionException">The file exists and is malformed.</exception>
    public static GenerationDefaults Read(IModelFiles files)
    {
        if (!files.Has(FileName))
            return new GenerationDefaults();
        try
        {
            return JsonSerializer.Deserialize<GenerationDefaults>(files.ReadText(FileName), JsonOptions)
                ?? new GenerationDefaults();
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{files.DisplayPath(FileName)}: {error.Message}", error);
        }
    }
}
