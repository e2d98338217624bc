using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Fixtures;

/// <summary>The networks of <c>goldens/models/sd1</c>, in float32 on the CPU.</summary>
internal static class GoldenModel
{
    public static ModelFolder Folder => new(Goldens.Path("models", "sd1"));

    public static SchedulerConfig SchedulerConfig => SchedulerConfig.Parse(Folder.ReadText("scheduler/scheduler_config.json"), "scheduler_config.json");

    public static StableDiffusion1 StableDiffusion() => new(Folder, CPU, ScalarType.Float32);

    public static ClipTextEncoder TextEncoder() => new(Folder.Config<ClipTextConfig>("text_encoder"), Folder.Weights("text_encoder"), CPU);

    public static UNet UNet(ScalarType type = ScalarType.Float32) => new(Folder.Config<UNetConfig>("unet"), Folder.Weights("unet"), type, CPU);

    public static VaeEncoder VaeEncoder() => new(Folder.Config<VaeConfig>("vae"), Folder.Weights("vae"), CPU);

    public static VaeDecoder VaeDecoder() => new(Folder.Config<VaeConfig>("vae"), Folder.Weights("vae"), CPU);
}
