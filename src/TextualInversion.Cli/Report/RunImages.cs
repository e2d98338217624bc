using System.Security.Cryptography;
using System.Text;
using TextualInversion.Cli.Html;
using TextualInversion.Cli.Runs;
using TextualInversion.Data;

namespace TextualInversion.Cli.Report;

/// <summary>The images of a run on a page: those that were given, and those that were painted, in the order of the steps.</summary>
internal static class RunImages
{
    private const int SidePixels = 256,
        SmallPixels = 160,
        MostSteps = 24;

    /// <summary>How they are styled; part of the page that shows them.</summary>
    public const string Style = """
        .given { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: .5rem; } .given img, .given .gone { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 8px; display: block; background: var(--card); }
        .gone { padding: .5rem; font-size: .75rem; color: var(--soft); overflow: hidden; } .strip { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fill, minmax(min(6.4rem, 30%), 1fr)); margin: .4rem 0 .8rem; }
        .cell { font-size: .8rem; color: var(--soft); text-align: center; } .cell img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 8px; display: block; margin-bottom: .2rem; background: var(--card); }
        .cell.kept { color: var(--accent); font-weight: 600; } .images > div { min-width: 0; } @media (min-width: 56rem) { .strip { grid-template-columns: repeat(auto-fill, 8rem); } .images { display: grid; grid-template-columns: 17rem 1fr; gap: 2.5rem; } .images .given { grid-template-columns: 1fr 1fr; } }
        .cell.kept img { outline: 3px solid var(--accent); outline-offset: 1px; }
        """;

    /// <summary>The given images as they are now, where they are still those.</summary>
    public static string Given(RunLog run)
    {
        var html = new StringBuilder("<div class=\"given\">");
        foreach (var image in run.Record.Images)
        {
            var (name, title) = (
                Path.GetFileName(image.Path),
                $"{image.Path}, {image.Width} x {image.Height}{(image.HeldOut ? ", held out" : "")}{(image.Prompt is null ? "" : $": {image.Prompt}")}"
            );
            html.Append(
                Load(image) is { } found
                    ? $"<img src=\"{Thumbnail.DataUri(found, SidePixels)}\" alt=\"{HtmlPage.Text(name)}\" title=\"{HtmlPage.Text(title)}\">"
                    : $"<div class=\"gone\">{HtmlPage.Text(name)} is no longer there, or another image</div>"
            );
        }

        return html.Append("</div>\n").ToString();
    }

    /// <summary>A strip over the steps.</summary>
    /// <param name="run">whose they are</param>
    /// <param name="samples">of one prompt and seed</param>
    public static string Strip(RunLog run, IEnumerable<RunSample> samples)
    {
        var html = new StringBuilder("<div class=\"strip\">");
        foreach (var sample in Choose([.. samples.OrderBy(sample => sample.Step)], run.Record.Result.BestStep))
        {
            var isKept = sample.Step == run.Record.Result.BestStep;
            var label = $"{(sample.Step == 0 ? "before" : sample.Step)}{(isKept ? " · kept" : "")}";
            html.Append(
                $"<div class=\"cell{(isKept ? " kept" : "")}\"><img src=\"{Thumbnail.DataUri(ImageDecoder.Decode(sample.Path), SmallPixels)}\" alt=\"{HtmlPage.Text(sample.Prompt)}, after {sample.Step} steps\" loading=\"lazy\">{label}</div>"
            );
        }

        return html.Append("</div>\n").ToString();
    }

    /// <summary>The first, the last, the kept one, and others spread evenly between, so that a page stays of a size that can be sent.</summary>
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
            return Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(image.Path))) == image.Sha256
                ? ImageDecoder.Decode(image.Path)
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or TextualInversionException)
        {
            return null;
        }
    }
}
