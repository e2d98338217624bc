using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>Opens models on the device and in the precision that the options name.</summary>
internal static class ModelLoader
{
    /// <summary>The device and the precision that the options name, or that <c>auto</c> stands for.</summary>
    /// <param name="device">The name of the device, see <see cref="DeviceFinder.Find"/>.</param>
    /// <param name="precision">The precision.</param>
    /// <exception cref="TextualInversionException">The device does not exist, or does not have the
    /// precision.</exception>
    public static (Device Device, Precision Precision) Resolve(string device, Precision precision)
    {
        var found = DeviceFinder.Find(device);
        return (found, PrecisionChoice.Resolve(precision, found));
    }

    /// <param name="files">The model.</param>
    /// <param name="device">The device that computes.</param>
    /// <param name="precision">What the U-Net computes in, not <see cref="Precision.Auto"/>.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing, truncated or belongs to another
    /// model.</exception>
    public static IDiffusionModel Open(IModelFiles files, Device device, Precision precision) =>
        DiffusionModel.Open(files, device, PrecisionChoice.TypeOf(precision));
}
