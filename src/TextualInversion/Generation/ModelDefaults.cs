using TextualInversion.Checkpoints;
using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>The settings of images where the user leaves them open.</summary>
/// <param name="Recommended">The recommendations in the model's folder.</param>
/// <param name="Scheduler">The model's noise schedule, which names its own sampler.</param>
/// <param name="Resolution">The side of the images that the model was trained on, in pixels.</param>
internal sealed record ModelDefaults(GenerationDefaults Recommended, SchedulerConfig Scheduler, int Resolution)
{
    /// <exception cref="TextualInversionException">The model's recommendations are malformed.</exception>
    public static ModelDefaults Read(IModelFiles files, SchedulerConfig scheduler, int resolution) =>
        new(GenerationDefaults.Read(files), scheduler, resolution);

    /// <summary>The settings of an image of the model's size, without a prompt.</summary>
    /// <param name="sampler">The sampler, or null for the recommended one, else the model's own.</param>
    /// <param name="steps">The number of sampler steps, or null for the recommendation.</param>
    /// <param name="guidance">The guidance scale, or null for the recommendation.</param>
    /// <exception cref="TextualInversionException">The model's own sampler is not supported.</exception>
    public GenerationSettings Settings(SamplerKind? sampler, int? steps, double? guidance) =>
        new()
        {
            Prompt = "",
            Sampler = sampler ?? OwnSampler(),
            Steps = steps ?? Recommended.NumInferenceSteps ?? GenerationDefaults.DefaultSteps,
            Guidance = guidance ?? Recommended.GuidanceScale ?? GenerationDefaults.DefaultGuidance,
            Width = Resolution,
            Height = Resolution,
        };

    private SamplerKind OwnSampler() =>
        Recommended.Sampler is { } name
            ? Samplers.Parse(name)
            : Samplers.OfFolder(Scheduler)
                ?? throw TextualInversionException.ForParameter(
                    nameof(GenerateOptions.Sampler),
                    $"is missing: the model's own sampler {Scheduler.ClassName} is not supported; choose one, such as "
                        + $"{Samplers.DisplayName(SamplerKind.DpmSolverMultistep)}."
                );
}
