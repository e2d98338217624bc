using TextualInversion.Cli.Html;
using TextualInversion.Data;
using TextualInversion.Evaluation;

namespace TextualInversion.Cli.Eval;

/// <summary>The scores as one HTML page that needs no network and no other file.</summary>
/// <param name="result">The scores.</param>
/// <param name="trainingImages">The training images.</param>
/// <param name="settings">How the images were generated, as text.</param>
internal sealed class EvalReport(EvaluationResult result, IReadOnlyList<RgbImage> trainingImages, string settings)
{
    private const int ThumbnailPixels = 128;

    private readonly Markup trainingStrip = Strip(
        trainingImages.Select(
            (image, index) => (Thumbnail.DataUri(image, ThumbnailPixels), $"training image {index + 1}")
        )
    );

    public string Write()
    {
        var keep = result.Choice.Name ?? "none";
        var rows = result.Rows.Prepend(result.Baseline).Index().OrderBy(row => row.Index == 0);
        var body = Markup.Of(
            $"""
            <h1>Image and text similarity</h1>
            <p class="soft">{settings}</p>
            <p class="keep"><strong>Keep {keep}</strong>: {result.Choice.Reason}.</p>
            <div class="top"><div>{EvalPlot.Draw(result)}</div><div class="scroll">{Table()}</div></div>
            {rows.Select(row => Section(row.Index, row.Item))}
            """
        );
        return HtmlPage.Write("ti eval", body, "eval.css");
    }

    private Markup Table()
    {
        var hasDino = result.Baseline.Dino is not null;
        Markup Cell(string text) => hasDino ? Markup.Of($"<td>{text}</td>") : Markup.Empty;

        Markup Row(EvaluationRow row, int number)
        {
            var warnings = row.Warnings.Count == 0 ? "" : $"{row.Warnings.Count}";
            return Markup.Of(
                $"""
                <tr><td>{number}</td><td>{row.Name}</td><td>{EvalTable.Text(row.ImageSimilarity)}</td>
                <td>{EvalTable.Text(row.TextSimilarity)}</td>{Cell(Dino(row))}<td class="warn">{warnings}</td></tr>

                """
            );
        }

        var rows = result.Rows.Prepend(result.Baseline).Select(Row);
        var ceiling = result.Ceiling is { } highest
            ? Markup.Of(
                $"""
                <tr><td></td><td>{EvalTable.TrainingImages}</td><td>{highest:F4}</td><td></td>{Cell("")}
                <td></td></tr>

                """
            )
            : Markup.Empty;
        var head = hasDino ? Markup.Of($"<th>DINOv2 similarity</th>") : Markup.Empty;
        return Markup.Of(
            $"""
            <table class="scores"><thead>
            <tr><th></th><th></th><th>image similarity</th><th>text similarity</th>{head}<th>warnings</th></tr>
            </thead><tbody>
            {rows}{ceiling}</tbody></table>
            """
        );
    }

    private Markup Section(int number, EvaluationRow row)
    {
        var scores =
            $"image similarity {EvalTable.Text(row.ImageSimilarity)}, text similarity "
            + $"{EvalTable.Text(row.TextSimilarity)}";
        var (image, text) = (EvalTable.Signed(row.ImageSimilarityGain), EvalTable.Signed(row.TextSimilarityGain));
        var gain = number == 0 ? "" : $"; over {result.Baseline.Name}: {image} and {text}";
        if (row.Dino is { } dino)
            gain +=
                number == 0 ? $"; DINOv2 {Dino(row)}" : $"; DINOv2 {Dino(row)}, over it {EvalTable.Signed(dino.Gain)}";
        var warnings = row.Warnings.Select(warning => Markup.Of($"<p class=\"warn\">{warning.Text}</p>\n"));
        return Markup.Of(
            $"""
            <h2>{number} · {row.Name}</h2>
            <p class="soft">{scores}{gain}</p>
            {warnings}<div class="row"><div><h3>training images</h3>{trainingStrip}</div><div>
            {row.Images.GroupBy(image => image.Prompt).Select(Images)}</div></div>

            """
        );
    }

    /// <summary>The similarity by DINOv2, empty if there is none.</summary>
    private static string Dino(EvaluationRow row) => row.Dino is { } dino ? EvalTable.Text(dino.Similarity) : "";

    private static Markup Images(IGrouping<string, ScoredImage> prompt)
    {
        static (string Source, string Description) Show(ScoredImage image) =>
            (Thumbnail.DataUri(ImageDecoder.Decode(image.Path), ThumbnailPixels), $"seed {image.Seed}");

        return Markup.Of($"<h3>{prompt.Key}</h3>{Strip(prompt.Select(Show))}");
    }

    private static Markup Strip(IEnumerable<(string Source, string Description)> images)
    {
        static Markup Image((string Source, string Description) image) =>
            Markup.Of($"<img src=\"{image.Source}\" alt=\"{image.Description}\" title=\"{image.Description}\">");

        return Markup.Of($"<div class=\"strip\">{images.Select(Image)}</div>\n");
    }
}
