using TextualInversion.Checkpoints;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>Opens a model of any family.</summary>
internal static class DiffusionModel
{
    /// <param name="files">The model.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="type">
    /// The type in which the U-Net computes, float32, bfloat16 or float16. The text encoders and the VAE always compute
    /// in float32, as a VAE needs whose config says <c>force_upcast</c>.
    /// </param>
    /// <param name="gradientCheckpointing">
    /// Whether the U-Net's backward pass computes activations again instead of keeping them.
    /// </param>
    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public static IDiffusionModel Open(
        IModelFiles files,
        Device device,
        ScalarType type,
        bool gradientCheckpointing = false
    )
    {
        CudaSettings.Apply(device, type);
        return files.Family switch
        {
            ModelFamily.StableDiffusion => new StableDiffusion(files, device, type, gradientCheckpointing),
            ModelFamily.StableDiffusionXl => new StableDiffusionXl(files, device, type, gradientCheckpointing),
            _ => throw new ArgumentOutOfRangeException(nameof(files), files.Family, "Not a model family."),
        };
    }
}
