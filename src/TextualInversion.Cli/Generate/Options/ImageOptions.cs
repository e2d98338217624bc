using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Generate.Options;

/// <summary>The options of an image in addition to its prompt, as <see cref="GenerationSettings"/>.</summary>
internal sealed class ImageOptions
{
    private readonly OptionalNumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Description = "Steps of the sampler. Default: the model's recommendation, else 30.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--guidance")
    {
        HelpName = "X",
        Description =
            "Guidance scale (CFG), typically 3 to 10: higher follows the prompt more closely, with harder contrast; "
            + "1 disables guidance and the negative prompt. Default: the model's recommendation, else 7.5.",
    };
    private readonly Option<string?> sampler = new("--sampler")
    {
        HelpName = "NAME",
        Description =
            $"{Samplers.Summary.ToLowerInvariant()}, or diffusers' class name. Default: the model's "
            + $"recommendation, else its own.",
    };
    private readonly OptionalNumberOption<int> width = new("--width")
    {
        HelpName = "N",
        Description = "In pixels, a multiple of 8, at least 8. Default: the model's.",
    };
    private readonly OptionalNumberOption<int> height = new("--height")
    {
        HelpName = "N",
        Description = "In pixels, a multiple of 8, at least 8. Default: the model's.",
    };
    private readonly PathOption initImage = new("--init-image")
    {
        HelpName = "FILE",
        Description =
            "An image to start from, cropped and resized to the size of the result. "
            + "The default size is then the image's shape with the model's resolution as its shorter side.",
    };
    private readonly OptionalNumberOption<double> strength = new("--strength")
    {
        HelpName = "X",
        Description = "Denoising strength for --init-image, 0-1: higher keeps less of it. Default: 0.75.",
    };
    private readonly OptionalNumberOption<int> clipSkip = new("--clip-skip")
    {
        HelpName = "N",
        Description =
            "CLIP skip as in the WebUI: 1 uses the layer that the model was trained with, 2 the layer before "
            + "it. Applies to the negative prompt too. "
            + "Default: 1.",
    };
    private readonly OptionalNumberOption<double> guidanceRescale = new("--guidance-rescale")
    {
        HelpName = "X",
        Description =
            "Guidance rescale (Lin et al. 2023), 0-1: reduces the contrast that strong guidance adds; "
            + "0.7 for zero-terminal-SNR models. Default: 0.",
    };
    private readonly OptionalNumberOption<double> eta = new("--eta")
    {
        HelpName = "X",
        Description =
            "DDIM eta, 0 to 1: 0 is deterministic, 1 adds as much noise as DDPM. Other samplers ignore it. "
            + "Default: 0.",
    };

    public Option[] MostUsed => [steps, guidance, sampler, width, height];

    public Option[] ImageToImage => [initImage, strength];

    public Option[] Advanced => [clipSkip, guidanceRescale, eta];

    /// <summary>The image to start from; null where there is none.</summary>
    /// <exception cref="TextualInversionException">It cannot be read, or there is none and a strength is
    /// given.</exception>
    public InitImage? ReadInit(ParseResult parsed, ImageMetadata? recorded, ConsoleLog messages)
    {
        if ((parsed.GetValue(initImage) ?? recorded?.Init) is not { } path)
        {
            if (parsed.GetValue(strength) is { } unused)
                throw new UsageException(
                    FormattableString.Invariant(
                        $"--strength {unused}: belongs to --init-image; name an image or leave it out."
                    )
                );
            return null;
        }

        var init = InitImage.Read(path);
        if (parsed.GetValue(initImage) is null && recorded?.InitHash is { } then && then != init.Sha256)
            messages.Warn($"{path}: is no longer the image that {recorded.Path} started from.");
        return init;
    }

    /// <summary>What is said, else what the recorded image has, else what suits the model; without a prompt.</summary>
    /// <param name="parsed">what was typed</param>
    /// <param name="recorded">null without <c>--from</c></param>
    /// <param name="model">its wishes</param>
    /// <param name="init">null without an image to start from</param>
    /// <exception cref="TextualInversionException">There is no such sampler.</exception>
    public GenerationSettings Resolve(ParseResult parsed, ImageMetadata? recorded, ModelDefaults model, RgbImage? init)
    {
        var isSizeGiven = parsed.GetValue(width) is not null && parsed.GetValue(height) is not null;
        var (defaultWidth, defaultHeight) =
            recorded?.Size
            ?? (init is null || isSizeGiven ? (model.Resolution, model.Resolution) : ShapeOf(init, model.Resolution));
        var options = model.Settings(
            SharedOptions.SamplerOf(parsed.GetValue(sampler) ?? recorded?.Sampler),
            parsed.GetValue(steps) ?? recorded?.Steps,
            parsed.GetValue(guidance) ?? recorded?.Guidance
        );
        return options with
        {
            Width = parsed.GetValue(width) ?? defaultWidth,
            Height = parsed.GetValue(height) ?? defaultHeight,
            Init = init,
            Strength = parsed.GetValue(strength) ?? (init is null ? null : recorded?.Strength) ?? options.Strength,
            Eta = parsed.GetValue(eta) ?? recorded?.Eta ?? options.Eta,
            ClipSkip = parsed.GetValue(clipSkip) ?? recorded?.ClipSkip ?? options.ClipSkip,
            GuidanceRescale = parsed.GetValue(guidanceRescale) ?? recorded?.GuidanceRescale ?? options.GuidanceRescale,
        };
    }

    /// <summary>An image's shape with its shorter side at the model's resolution, in multiples of 8.</summary>
    private static (int Width, int Height) ShapeOf(RgbImage image, int resolution)
    {
        var scale = (double)resolution / Math.Min(image.WidthPixels, image.HeightPixels);
        double Side(int pixels) => Math.Round(pixels * scale / 8) * 8;
        var (width, height) = (Side(image.WidthPixels), Side(image.HeightPixels));
        return Math.Max(width, height) <= GenerationSettings.LongestSide
            ? ((int)width, (int)height)
            : throw new UsageException(
                $"--init-image: an image of {image.WidthPixels} x {image.HeightPixels} pixels is too long and narrow "
                    + "to keep its shape; give --width and --height."
            );
    }
}
