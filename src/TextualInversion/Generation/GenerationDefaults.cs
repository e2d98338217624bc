using System.Text.Json;
using TextualInversion.Checkpoints;

namespace TextualInversion.Generation;

/// <summary>
/// What suits a model best, where its folder says so in <c>generation_config.json</c>; the file's name is
/// transformers', the keys are diffusers' names of the arguments. Null where nothing is said.
/// </summary>
internal sealed record GenerationDefaults
{
    /// <summary>The number of sampling steps where the model's folder recommends none.</summary>
    public const int DefaultSteps = 30;

    /// <summary>The guidance scale where the model's folder recommends none.</summary>
    public const double DefaultGuidance = 7.5;

    private const string FileName = "generation_config.json";

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    public double? GuidanceScale { get; init; }

    public int? NumInferenceSteps { get; init; }

    public string? Sampler { get; init; }

    /// <exception cref="TextualInversionException">The file is there and is malformed.</exception>
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
