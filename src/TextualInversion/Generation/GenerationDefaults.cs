using TextualInversion.Checkpoints;
using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>
/// The settings that a model recommends in <c>generation_config.json</c>, or null for those that it does not mention.
/// The file's name is that of transformers, the keys are diffusers' argument names.
/// </summary>
internal sealed record GenerationDefaults : IModelConfig
{
    /// <summary>The number of sampling steps if the model recommends none.</summary>
    public const int DefaultSteps = 30;

    /// <summary>The guidance scale if the model recommends none.</summary>
    public const double DefaultGuidance = 7.5;

    private const string FileName = "generation_config.json";

    private const int MostSteps = 1000,
        MostGuidance = 1000;

    public double? GuidanceScale { get; init; }

    public int? NumInferenceSteps { get; init; }

    public string? Sampler { get; init; }

    /// <exception cref="TextualInversionException">
    /// The file exists and is malformed, or a value is out of range.
    /// </exception>
    public static GenerationDefaults Read(IModelFiles files) =>
        files.Has(FileName)
            ? ConfigJson.Parse<GenerationDefaults>(files.ReadText(FileName), files.DisplayPath(FileName))
            : new GenerationDefaults();

    public void Validate(ConfigCheck check)
    {
        check.Require(
            GuidanceScale is null or (>= 0 and <= MostGuidance),
            "guidance_scale",
            GuidanceScale,
            $"a number from 0 to {MostGuidance}"
        );
        check.Range("num_inference_steps", NumInferenceSteps ?? DefaultSteps, 1, MostSteps);
        check.Require(
            Sampler is null || Samplers.Find(Sampler) is not null,
            "sampler",
            Sampler,
            $"one of {Samplers.Summary}"
        );
    }
}
