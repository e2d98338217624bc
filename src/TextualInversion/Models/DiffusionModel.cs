using TextualInversion.Checkpoints;
using TextualInversion.Models.Autograd;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>Opens a model of whatever family.</summary>
public static class DiffusionModel
{
    /// <param name="files">The model.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="type">What the U-Net computes in, float32 or bfloat16; the text encoders and the VAE always compute in float32.</param>
    /// <param name="gradients">Whether it is to train.</param>
    /// <exception cref="TextualInversionException">A file is missing, truncated or another model's.</exception>
    public static IDiffusionModel Open(IModelFiles files, Device device, ScalarType type, GradientUse gradients = GradientUse.None) => files.Family switch
    {
        ModelFamily.StableDiffusion => new StableDiffusion(files, device, type, gradients),
        ModelFamily.StableDiffusionXl => new StableDiffusionXl(files, device, type, gradients),
        _ => throw new ArgumentOutOfRangeException(nameof(files), files.Family, "Not a family."),
    };
}
