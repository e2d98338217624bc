using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Cli.ModelAccess;

/// <summary>The device to compute on: <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
internal static class Devices
{
    /// <exception cref="TextualInversionException">There is no such device.</exception>
    public static Device Find(string name)
    {
        var parts = name.ToLowerInvariant().Split(':', 2);
        var index = 0;
        var isKnown =
            parts[0] is "auto" or "cpu" or "cuda"
            && (parts.Length == 1 || (parts[0] == "cuda" && int.TryParse(parts[1], out index) && index >= 0));
        if (!isKnown)
            throw new TextualInversionException($"--device {name}: choose auto, cpu, cuda or cuda:N.");
        if (parts[0] == "cpu" || (parts[0] == "auto" && !cuda.is_available()))
            return CPU;
        if (!cuda.is_available())
            throw new TextualInversionException(
                $"--device {name}: this build finds no CUDA device; use --device cpu, or build with "
                    + "TorchBackend=cuda-linux on a machine that has one."
            );
        if (index >= cuda.device_count())
            throw new TextualInversionException(
                $"--device {name}: there are {cuda.device_count()} CUDA devices, counted from 0."
            );
        return new Device(DeviceType.CUDA, index);
    }
}
