using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;

namespace TextualInversion.GpuCheck;

/// <summary>
/// Models of the size of published ones with random weights, which exist in memory only. They take the time and the
/// memory of the real ones.
/// </summary>
internal static class RandomModel
{
    /// <param name="model">sd15 or sdxl.</param>
    public static IModelFiles Create(string model)
    {
        var version = model == "sdxl" ? ModelVersion.StableDiffusionXl : ModelVersion.StableDiffusion1;
        var tokenizer = Path.Combine(CheckOptions.Repository, "samples", "demo-model", "tokenizer");
        return new SingleFileModel(
            new LdmCheckpoint(new RandomCheckpoint(version)),
            new Dictionary<string, string> { ["tokenizer"] = tokenizer, ["tokenizer_2"] = tokenizer },
            "epsilon"
        );
    }
}
