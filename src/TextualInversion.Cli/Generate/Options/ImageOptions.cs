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
        Description =
            "Sampler steps, typically 20 to 50, and 4 to 8 for lcm: more take longer and show more detail. "
            + "Default: the model's recommendation, else 30.",
    };
    private readonly OptionalNumberOption<double> guidance = new("--guidance")
    {
        HelpName = "X",
        Description =
            "Guidance scale (CFG), typically 3 to 10: higher follows the prompt more closely, with harder contrast; "
            + "1 disables guidance and the negative prompt. Default: the model's recommendation, else 7.5.",
    };
    private readonly TextOption sampler = new("--sampler")
    {
        CompletionSources = { SharedOptions.SamplerNames },
        HelpName = "NAME",
        Description =
            $"How the noise is turned into an image: {Samplers.Summary.ToLowerInvariant()}, or diffusers' class "
            + "name. [karras] may follow the name. The dpm++ samplers usually need fewer steps than ddim. "
            + "Default: the model's recommendation, else its own.",
    };
    private readonly OptionalNumberOption<int> width = new("--width")
    {
        HelpName = "N",
        Description =
            "Width in pixels, a multiple of 8, 8 to 4096. Far from the model's own size images get worse; "
            + "larger ones take more time and memory. Default: the model's.",
    };
    private readonly OptionalNumberOption<int> height = new("--height")
    {
        HelpName = "N",
        Description = "Height in pixels, as --width. Default: the model's.",
    };
    private readonly PathOption initImage = new("--init-image")
    {
        HelpName = "FILE",
        Description =
            "An image to start from instead of noise alone. It is cropped and resized to the size of the "
            + "result. Without --width and --height the result has its aspect ratio, and the model's resolution as "
            + "its shorter side.",
    };
    private readonly OptionalNumberOption<double> strength = new("--strength")
    {
        HelpName = "X",
        Description =
            "For --init-image: how much of it is replaced, from above 0 to 1. Low values keep it nearly as it "
            + "is, 1 replaces all of it. Default: 0.75.",
    };
    private readonly OptionalNumberOption<int> clipSkip = new("--clip-skip")
    {
        HelpName = "N",
        Description =
            "CLIP skip as in the WebUI: which layer of the text encoder reads the prompts. 1 is the layer that "
            + "the model was trained with, 2 the layer before it, which some models were fine-tuned with. "
            + "Default: 1.",
    };
    private readonly OptionalNumberOption<double> guidanceRescale = new("--guidance-rescale")
    {
        HelpName = "X",
        Description =
            "Guidance rescale (Lin et al. 2023): reduces the contrast that strong guidance adds, from 0 "
            + "(off) to 1 (fully); 0.7 suits models with zero-terminal-SNR schedules. Default: 0.",
    };
    private readonly OptionalNumberOption<double> eta = new("--eta")
    {
        HelpName = "X",
        Description =
            "For --sampler ddim: how much fresh noise each step adds, from 0 (none) to 1 (as much as DDPM). "
            + "Other samplers ignore it. Default: 0.",
    };

    public Option[] MostUsed => [steps, guidance, sampler, width, height];

    public Option[] ImageToImage => [initImage, strength];

    public Option[] Advanced => [clipSkip, guidanceRescale, eta];

    /// <summary>The image to start from, or null if there is none.</summary>
    /// <exception cref="TextualInversionException">
    /// It cannot be read, or there is none and a strength is given.
    /// </exception>
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

    /// <summary>
    /// The options' values, else those of the recorded image, else those that suit the model; without a prompt.
    /// </summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="recorded">The settings of the image that <c>--from</c> names, or null without it.</param>
    /// <param name="model">The settings that suit the model.</param>
    /// <param name="init">The image to start from, or null to start from noise alone.</param>
    /// <exception cref="TextualInversionException">There is no such sampler.</exception>
    public GenerationSettings Resolve(ParseResult parsed, ImageMetadata? recorded, ModelDefaults model, RgbImage? init)
    {
        var isSizeGiven = parsed.GetValue(width) is not null && parsed.GetValue(height) is not null;
        var (defaultWidth, defaultHeight) =
            recorded?.Size
            ?? (init is null || isSizeGiven ? (model.Resolution, model.Resolution) : ShapeOf(init, model.Resolution));
        var options = model.Settings(
            SharedOptions.SamplerOf(parsed.GetValue(sampler) ?? recorded?.Sampler, sampler),
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
