using System.Globalization;
using TextualInversion.Checkpoints;
using TextualInversion.Generation;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Checkpoints.Loras;

/// <summary>The LoRA files of <c>Fixtures/lora</c>.</summary>
internal static class LoraFixture
{
    public static string Path(string name) =>
        System.IO.Path.Combine(
            Goldens.Repository,
            "tests",
            "TextualInversion.Tests",
            "Fixtures",
            "lora",
            $"{name}.safetensors"
        );

    public static SchedulerConfig Ddim(IModelFiles files) =>
        SchedulerConfig.Parse(files.ReadText("scheduler/scheduler_config.json"), "scheduler_config.json") with
        {
            ClassName = "DDIMScheduler",
            ClipSample = false,
        };

    public static GenerationSettings Settings(IReadOnlyDictionary<string, string> metadata) =>
        new()
        {
            Prompt = metadata["prompt"],
            Negative = metadata["negative_prompt"],
            Sampler = SamplerKind.Ddim,
            Steps = int.Parse(metadata["steps"], CultureInfo.InvariantCulture),
            Guidance = double.Parse(metadata["guidance"], CultureInfo.InvariantCulture),
            Width = 64,
            Height = 64,
        };
}
