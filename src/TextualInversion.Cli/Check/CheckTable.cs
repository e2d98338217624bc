using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Check;

/// <summary>The result of <c>ti check</c> as text.</summary>
internal static class CheckTable
{
    private const double Gib = 1L << 30;
    private const string Skipped = "skipped (see errors)";

    public static void Write(TextWriter output, CheckReport report)
    {
        if (report.Images.Count > 0)
        {
            Images(report.Images).Write(output);
            output.WriteLine();
        }

        new PlainTable()
            .AddColumn(wraps: false)
            .AddColumn()
            .AddRow("images", report.Images.Count.ToString(CultureInfo.InvariantCulture))
            .AddRow("tokens", report.Tokens is { } tokens ? Text(tokens) : Skipped)
            .AddRow("model", report.Model is { } model ? Text(model) : Skipped)
            .AddRow("memory", report.Memory is { } memory ? Text(memory) : Skipped)
            .AddRow("time", report.Time is { } time ? Text(time) : Skipped)
            .Write(output);
        if (report.Memory is { } needed)
            WriteCards(output, needed.Cards);
        foreach (var finding in report.Findings)
            output.WriteLine($"{finding.Severity.ToString().ToLowerInvariant()}: {finding.Message}");
        output.WriteLine($"verdict: {Verdict(report)}");
    }

    /// <summary>The largest batch for each size of a GPU's memory.</summary>
    private static void WriteCards(TextWriter output, IReadOnlyList<CardEstimate> cards)
    {
        output.WriteLine();
        output.WriteLine("largest --batch by a GPU's memory (estimated), without and with gradient checkpointing:");
        var table = new PlainTable { Indent = 2 };
        foreach (var heading in new[] { "GPU", "fp32", "checkpointing", "bf16, fp16", "checkpointing" })
            table.AddColumn(heading, wraps: false);
        foreach (var card in cards)
            table.AddRow(
                $"{card.Gibibytes} GiB",
                Batch(card.Fp32),
                Batch(card.Fp32Checkpointed),
                Batch(card.Half),
                Batch(card.HalfCheckpointed)
            );
        table.Write(output);
        output.WriteLine();
    }

    private static string Batch(int images) =>
        images switch
        {
            0 => "-",
            CardEstimate.MostImages => $"{images} or more",
            _ => images.ToString(CultureInfo.InvariantCulture),
        };

    private static string Verdict(CheckReport report)
    {
        var warnings = report.Findings.Count(finding => finding.Severity == Severity.Warning);
        return report.Verdict switch
        {
            CheckVerdict.Ready => "ready to train",
            CheckVerdict.ReadyWithWarnings => $"ready to train, with {Plural.Of(warnings, "warning")}",
            CheckVerdict.Refused => "ti train would refuse",
            _ => throw new ArgumentOutOfRangeException(nameof(report)),
        };
    }

    private static PlainTable Images(IReadOnlyList<CheckedImage> images)
    {
        var table = new PlainTable();
        foreach (var heading in new[] { "image", "size", "trained at", "sharpness", "brightness", "notes" })
            table.AddColumn(heading, wraps: heading is "image" or "notes");
        foreach (var image in images)
            table.AddRow(
                image.Path,
                $"{image.Width} x {image.Height}",
                $"{image.LearnedWidth} x {image.LearnedHeight}",
                Invariant($"{image.Sharpness:F0}"),
                Invariant($"{image.Brightness:F2}"),
                string.Join(", ", Notes(image))
            );
        return table;
    }

    private static IEnumerable<string> Notes(CheckedImage image)
    {
        if (image.Turned)
            yield return "turned upright";
        if (image.Repeats > 1)
            yield return $"counts {Plural.Of(image.Repeats, "time")}";
        if (image.Counted < 1)
            yield return Invariant($"{100 * image.Counted:F0} % of it counts");
    }

    private static string Text(CheckedTokens tokens)
    {
        var pieces = tokens.InitializerTokens.Count == 0 ? "" : $" ({string.Join(" ", tokens.InitializerTokens)})";
        var least = tokens.FewestVectors is { } fewest ? $"{fewest} to " : "";
        var vectors = $"{least}{Plural.Of(tokens.Vectors, "vector")}";
        var start = $"{tokens.Placeholder} starts from {tokens.Initializer}{pieces}, {vectors}";
        return tokens.Prompts is { } prompts
            ? $"{start}; {Plural.Of(prompts, "prompt")}, the longest {tokens.LongestPrompt} of {tokens.Capacity} tokens"
            : start;
    }

    private static string Text(CheckedModel model)
    {
        var family = model.Family == ModelFamily.StableDiffusionXl ? "Stable Diffusion XL" : "Stable Diffusion";
        var parameters = Invariant($"{model.UNetParameters / 1e6:F1} M U-Net parameters");
        var widths = $"embedding width {string.Join(" and ", model.TextWidths)}";
        var prediction = model.Prediction == PredictionType.VPrediction ? "v-prediction" : "noise prediction";
        return $"{model.Name}: {family}, {parameters}, {widths}, {model.Resolution} pixels, {prediction}, on "
            + $"{model.Device}; "
            + "all weights are finite";
    }

    private static string Text(CheckedMemory memory)
    {
        var peak = memory.PeakBytes is { } bytes ? Invariant($", {bytes / Gib:F1} GiB peak in the timed steps") : "";
        var need = Invariant(
            $"{memory.EstimatedBytes / Gib:F1} GiB estimated, {memory.AvailableBytes / Gib:F1} GiB available"
        );
        return $"{need}{peak}; gradient checkpointing {(memory.GradientCheckpointing ? "on" : "off")}";
    }

    private static string Text(CheckedTime time)
    {
        var total = TimeSpan
            .FromSeconds(Math.Ceiling(time.Seconds))
            .ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);
        var runs = time.Seeds == 1 ? "" : $"{time.Seeds} runs of ";
        var paces = Invariant($"{time.StepSeconds:G2} s per step, {time.ValidationSeconds:G2} s per validation");
        return $"{paces}: {total} for {runs}{Plural.Of(time.Steps, "step")}, less if it stops early";
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
