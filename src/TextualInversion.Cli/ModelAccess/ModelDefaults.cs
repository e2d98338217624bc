using TextualInversion.Generation;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>How to generate with a model if the user does not say it.</summary>
/// <param name="Defaults">The recommendations in the model's folder.</param>
/// <param name="Scheduler">The model's own sampler.</param>
/// <param name="Resolution">The side of the images that the model was trained on, in pixels.</param>
internal sealed record ModelDefaults(GenerationDefaults Defaults, SchedulerConfig Scheduler, int Resolution)
{
    /// <summary>Sampler steps if the model recommends none.</summary>
    public const int Steps = GenerationDefaults.DefaultSteps;

    /// <summary>Guidance scale if the model recommends none.</summary>
    public const double Guidance = GenerationDefaults.DefaultGuidance;

    /// <param name="name">The sampler as it was typed, or null for the one that the model recommends, else its
    /// own.</param>
    /// <exception cref="TextualInversionException">There is no such sampler, or the model's own is not
    /// supported.</exception>
    public SamplerKind ChooseSampler(string? name) =>
        (name ?? Defaults.Sampler) is { } known
            ? Samplers.Parse(known)
            : Samplers.OfFolder(Scheduler)
                ?? throw new TextualInversionException(
                    $"The model's own sampler {Scheduler.ClassName} is not supported; "
                        + "choose one with --sampler, such as \"dpm++ 2m\"."
                );
}
