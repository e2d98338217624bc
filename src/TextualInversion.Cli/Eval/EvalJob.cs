using TextualInversion.Checkpoints;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Data;
using TextualInversion.Evaluation;
using TextualInversion.Schedulers;
using static System.FormattableString;

namespace TextualInversion.Cli.Eval;

/// <summary>An evaluation whose files are all found, before anything is loaded.</summary>
/// <param name="Input">What is compared with what.</param>
/// <param name="Initializer">The word to compare with.</param>
/// <param name="TrainingImages">The images to compare with: the training images, or those held out.</param>
/// <param name="ModelName">The model as results name it.</param>
/// <param name="Files">The model's files.</param>
/// <param name="ClipFolder">The folder of the CLIP model.</param>
/// <param name="DinoFolder">The folder of the DINOv2, or null for none.</param>
/// <param name="CacheFolder">The folder in which images are kept.</param>
internal sealed record EvalJob(
    EvalInput Input,
    string Initializer,
    IReadOnlyList<RgbImage> TrainingImages,
    string ModelName,
    IModelFiles Files,
    string ClipFolder,
    string? DinoFolder,
    string CacheFolder
)
{
    /// <summary>The settings in one line.</summary>
    public string Describe(EvaluationOptions options)
    {
        var generation = options.Generation;
        var sampler = Samplers.DisplayName(generation.Sampler);
        var images = Plural.Of(TrainingImages.Count, "training image");
        var prompts = Plural.Of(1 + options.EditPrompts.Count, "prompt");
        return Invariant($"model {ModelName}, {sampler}, {generation.Steps} steps, guidance {generation.Guidance}; ")
            + $"CLIP {ClipFolder}; {images}; {options.Count} images for each of {prompts} "
            + $"(the paper: {EvalImageOptions.PaperCount}), seeds from {options.Seed}";
    }
}
