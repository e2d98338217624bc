using TextualInversion.Checkpoints;
using TextualInversion.Models;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>Opens models on the device and in the precision that the options name.</summary>
internal static class ModelLoader
{
    /// <param name="files">The model.</param>
    /// <param name="device">The device, see <see cref="DeviceFinder.Find"/>.</param>
    /// <param name="precision">The number format of the U-Net.</param>
    /// <param name="gradientCheckpointing">
    /// Whether the backward pass recomputes activations in place of keeping them.
    /// </param>
    /// <exception cref="TextualInversionException">
    /// The device does not exist, or a file of the model is missing, truncated or belongs to another model.
    /// </exception>
    public static IDiffusionModel Open(
        IModelFiles files,
        string device,
        Precision precision,
        bool gradientCheckpointing = false
    ) => DiffusionModel.Open(files, DeviceFinder.Find(device), PrecisionTypes.Of(precision), gradientCheckpointing);
}
