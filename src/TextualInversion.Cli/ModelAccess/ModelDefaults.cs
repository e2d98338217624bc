using TextualInversion.Generation;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>How a model is painted with where the user says nothing.</summary>
/// <param name="Defaults">what its folder recommends</param>
/// <param name="Scheduler">its own sampler</param>
/// <param name="Resolution">the side of the images that it was trained on, in pixels</param>
internal sealed record ModelDefaults(GenerationDefaults Defaults, SchedulerConfig Scheduler, int Resolution)
{
    /// <summary>Where the model says nothing either.</summary>
    public const int Steps = GenerationDefaults.DefaultSteps;

    /// <summary>Where the model says nothing either.</summary>
    public const double Guidance = GenerationDefaults.DefaultGuidance;

    /// <param name="name">as it was typed; null for what the model recommends, else its own</param>
    /// <exception cref="TextualInversionException">There is no such sampler, or the model's own is not supported.</exception>
    public SamplerKind ChooseSampler(string? name) =>
        (name ?? Defaults.Sampler) is { } known
            ? Samplers.Parse(known)
            : Samplers.OfFolder(Scheduler)
                ?? throw new TextualInversionException(
                    $"The model's own sampler {Scheduler.ClassName} is not supported; choose one with --sampler, such as \"dpm++ 2m\"."
                );
}
