using TextualInversion.Checkpoints;
using TextualInversion.Schedulers;

namespace TextualInversion.Models;

/// <summary>Reads the noise schedule of a model's <c>scheduler_config.json</c>.</summary>
internal static class ModelScheduler
{
    private const string SchedulerFile = "scheduler/scheduler_config.json";

    /// <summary>
    /// The model's settings with <c>clip_sample</c> off. Without it or with true, DDIM and DDPM would clip latents as
    /// if they were pixels; diffusers' pipeline turns it off as well.
    /// </summary>
    /// <param name="files">The model.</param>
    /// <param name="prediction">
    /// The prediction type that the user gives instead of the file's. Null: the file's.
    /// </param>
    /// <exception cref="TextualInversionException">The file is missing or malformed.</exception>
    public static SchedulerConfig Load(IModelFiles files, PredictionType? prediction)
    {
        var config = SchedulerConfig.Parse(files.ReadText(SchedulerFile), files.DisplayPath(SchedulerFile));
        return config with { PredictionType = prediction ?? config.PredictionType, ClipSample = false };
    }
}
