using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>From the name of a device to the device.</summary>
internal static class DeviceFinder
{
    private const string NoAppleGpu =
        "no Apple GPU is found; choose cpu, or a libtorch for macOS on a machine with Apple silicon.";

    /// <param name="name"><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>mps</c>, in any case.</param>
    /// <exception cref="TextualInversionException">There is no such device.</exception>
    public static Device Find(string name)
    {
        var parts = name.ToLowerInvariant().Split(':', 2);
        var index = 0;
        var isKnown =
            parts[0] is "auto" or "cpu" or "cuda" or "mps"
            && (parts.Length == 1 || (parts[0] == "cuda" && TryParseIndex(parts[1], out index)));
        if (!isKnown)
            throw Problem(name, "choose auto, cpu, cuda, cuda:N or mps.");
        if (parts[0] == "cpu" || (parts[0] == "auto" && !cuda.is_available()))
            return CPU;
        if (parts[0] == "mps")
            return mps_is_available() ? new Device(DeviceType.MPS) : throw Problem(name, NoAppleGpu);
        if (!cuda.is_available())
            throw Problem(
                name,
                "no CUDA device is found; choose cpu, or a CUDA build of libtorch, such as that of an installed "
                    + "PyTorch, on a machine that has one."
            );
        if (index >= cuda.device_count())
            throw Problem(name, $"there are {cuda.device_count()} CUDA devices, counted from 0.");
        return new Device(DeviceType.CUDA, index);
    }

    private static bool TryParseIndex(string text, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);

    private static TextualInversionException Problem(string name, string problem) =>
        TextualInversionException.ForParameter(nameof(LoadOptions.Device), $"{name}: {problem}");
}
