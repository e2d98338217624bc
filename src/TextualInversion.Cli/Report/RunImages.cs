using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Data;
using TextualInversion.IO;

namespace TextualInversion.Cli.Report;

/// <summary>The images of a run on a page: the training images, and the samples in the order of the steps.</summary>
internal static class RunImages
{
    /// <summary>The stylesheet of the pages that show them.</summary>
    public const string Style = "images.css";

    private const int SidePixels = 256,
        SmallPixels = 160,
        MostImages = 24, // so that the page stays small enough to send
        MostSteps = 24;

    /// <summary>
    /// The training images, if their files are still the same: the first ones, and one that is held out.
    /// </summary>
    public static Markup TrainingImages(RunLog run)
    {
        var images = run.Record.Images;
        var shown = images.Where((image, index) => index < MostImages || image.HeldOut).ToList();
        var rest = images.Count - shown.Count;
        var more = rest > 0 ? Markup.Of($"<div>and {rest} more</div>") : Markup.Empty;
        return Markup.Of($"<div class=\"given\">{shown.Select(TrainingImage)}{more}</div>\n");
    }

    /// <summary>Samples of one prompt and seed, over the steps.</summary>
    /// <param name="run">The run of the samples.</param>
    /// <param name="samples">The samples, in any order.</param>
    public static Markup Strip(RunLog run, IEnumerable<RunSample> samples)
    {
        var best = run.Record.Result.BestStep;
        var chosen = Choose([.. samples.OrderBy(sample => sample.Step)], best);
        return Markup.Of($"<div class=\"strip\">{chosen.Select(sample => Cell(sample, sample.Step == best))}</div>\n");
    }

    private static Markup TrainingImage(RunImage image)
    {
        var name = Path.GetFileName(image.Path);
        if (Load(image) is not { } found)
            return Markup.Of($"<div class=\"gone\">{name} is missing or has changed</div>");
        var heldOut = image.HeldOut ? ", held out" : "";
        var prompt = image.Prompt is null ? "" : $": {image.Prompt}";
        var title = $"{image.Path}, {image.Width} x {image.Height}{heldOut}{prompt}";
        return Markup.Of($"<img src=\"{Thumbnail.DataUri(found, SidePixels)}\" alt=\"{name}\" title=\"{title}\">");
    }

    private static Markup Cell(RunSample sample, bool isBest)
    {
        var source = Thumbnail.DataUri(ImageDecoder.Decode(sample.Path), SmallPixels);
        var step = sample.Step == 0 ? "before" : $"{sample.Step}";
        return Markup.Of(
            $"""
            <div class="cell{(isBest ? " best" : "")}">
            <img src="{source}" alt="{sample.Prompt}, after {sample.Step} steps" loading="lazy">
            {step}{(isBest ? Markup.Raw(" · best") : Markup.Empty)}</div>

            """
        );
    }

    /// <summary>
    /// The first, the last, the best, and others spread evenly between.
    /// </summary>
    private static IEnumerable<RunSample> Choose(IReadOnlyList<RunSample> samples, int best)
    {
        if (samples.Count <= MostSteps)
            return samples;
        var chosen = Enumerable.Range(0, MostSteps).Select(i => i * (samples.Count - 1) / (MostSteps - 1)).ToHashSet();
        return samples.Where((sample, index) => chosen.Contains(index) || sample.Step == best);
    }

    private static RgbImage? Load(RunImage image)
    {
        try
        {
            var isSame = Sha256.OfFile(image.Path) == image.Sha256;
            return isSame ? ImageDecoder.Decode(image.Path) : null;
        }
        catch (Exception error) when (error is TextualInversionException || IoErrors.IsFileError(error))
        {
            return null;
        }
    }
}
