using System.CommandLine;
using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>The device, the precision, and the number of images generated at once.</summary>
internal sealed class GenerationMachineOptions
{
    private const string Auto = "auto";
    private const int MostAtOnce = 100_000;

    private readonly Option<string> device = SharedOptions.Device();
    private readonly Option<Precision> precision = SharedOptions.Precision();
    private readonly PathOption libtorch = SharedOptions.Libtorch();
    private readonly Option<string> batch = new("--batch")
    {
        HelpName = "auto|N",
        Description =
            "Number of images generated at once: more are faster on a GPU and need more memory. Each image is the "
            + "same as when it is generated alone; on a GPU pixels may differ by 1. Default: auto, on a GPU as many as "
            + $"fit into its free memory, up to {BatchMemoryProbe.MostAtOnce}, and 1 on a CPU, where more are no "
            + "faster.",
        DefaultValueFactory = _ => Auto,
    };

    public Option[] All => [device, precision, batch, libtorch];

    /// <exception cref="TextualInversionException">The batch is not a number, or out of range.</exception>
    public void Validate(ParseResult parsed)
    {
        if (BatchText(parsed) != Auto && Batch(parsed) is null or < 1 or > MostAtOnce)
            throw new UsageException($"--batch {BatchText(parsed)}: choose {Auto}, or at least 1.");
    }

    /// <summary>The number asked for, or null for as many as fit.</summary>
    public int? Batch(ParseResult parsed) =>
        int.TryParse(BatchText(parsed), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>
    /// The device, and the U-Net's precision: the option's value, else that of the recorded image, whose metadata leave
    /// out fp32.
    /// </summary>
    /// <inheritdoc cref="ModelLoader.Resolve"/>
    public (Device Device, Precision Precision) Resolve(ParseResult parsed, ImageMetadata? recorded)
    {
        var wanted =
            parsed.IsGiven(precision) || recorded is null
                ? parsed.GetValue(precision)
                : recorded.Precision ?? Precision.Fp32;
        return ModelLoader.Resolve(parsed.GetValue(device)!, wanted);
    }

    private string BatchText(ParseResult parsed) => parsed.GetValue(batch)!.ToLowerInvariant();
}
