using TextualInversion.Checkpoints.SingleFile;

namespace TextualInversion.Cli.Bench;

/// <summary>The published models whose size random weights may have.</summary>
internal enum ModelSize
{
    Sd15,
    Sd21,
    Sdxl,
}

/// <summary>What a size stands for.</summary>
internal static class ModelSizes
{
    /// <summary>The version of the model, its name for people, and what it predicts.</summary>
    public static (ModelVersion Version, string Name, string Prediction) Describe(ModelSize size) =>
        size switch
        {
            ModelSize.Sd15 => (ModelVersion.StableDiffusion1, "Stable Diffusion 1.5", PredictionTypeNames.Epsilon),
            ModelSize.Sd21 => (ModelVersion.StableDiffusion2, "Stable Diffusion 2.1", PredictionTypeNames.VPrediction),
            ModelSize.Sdxl => (ModelVersion.StableDiffusionXl, "Stable Diffusion XL", PredictionTypeNames.Epsilon),
            _ => throw new ArgumentOutOfRangeException(nameof(size)),
        };
}
