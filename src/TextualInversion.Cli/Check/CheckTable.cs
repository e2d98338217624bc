using System.Globalization;

namespace TextualInversion.Cli.Check;

/// <summary>The result of <c>ti check</c> as text.</summary>
internal static class CheckTable
{
    private const double Gib = 1L << 30;

    public static void Write(TextWriter output, CheckReport report)
    {
        Line("images", report.Images.Count.ToString(CultureInfo.InvariantCulture));
        var width = report.Images.Select(image => image.Path.Length).DefaultIfEmpty().Max();
        foreach (var image in report.Images)
            output.WriteLine($"  {image.Path.PadRight(width)}  {Text(image)}");
        Line("tokens", report.Tokens is { } tokens ? Text(tokens) : null);
        Line("model", report.Model is { } model ? Text(model) : null);
        Line("memory", report.Memory is { } memory ? Text(memory) : null);
        Line("time", report.Time is { } time ? Text(time) : null);
        foreach (var finding in report.Findings)
            output.WriteLine($"{finding.Severity.ToString().ToLowerInvariant()}: {finding.Message}");
        var warnings = report.Findings.Count(finding => finding.Severity == Severity.Warning);
        Line(
            "verdict",
            report.Verdict switch
            {
                CheckVerdict.Ready => "ready to train",
                CheckVerdict.ReadyWithWarnings =>
                    $"ready to train, with {warnings} {(warnings == 1 ? "warning" : "warnings")}",
                CheckVerdict.Refused => "ti train would refuse",
                _ => throw new ArgumentOutOfRangeException(nameof(report)),
            }
        );

        void Line(string what, string? text) =>
            output.WriteLine($"{what, -9} {text ?? "not looked at, see the errors"}");
    }

    private static string Text(CheckedImage image)
    {
        var size = $"{image.Width} x {image.Height}";
        var learned = $"{image.LearnedWidth} x {image.LearnedHeight}";
        var more =
            $"{(image.Turned ? ", turned upright" : "")}{(image.Repeats > 1 ? $", counts {image.Repeats} times" : "")}{(image.Counted < 1 ? string.Create(CultureInfo.InvariantCulture, $", {image.Counted:P0} of it counts") : "")}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{size, -11} learned at {learned, -9}  sharpness {image.Sharpness, 5:F0}  brightness {image.Brightness:F2}{more}"
        );
    }

    private static string Text(CheckedTokens tokens)
    {
        var pieces = tokens.InitializerTokens.Count == 0 ? "" : $" ({string.Join(" ", tokens.InitializerTokens)})";
        var prompts = tokens.Prompts is null
            ? ""
            : $"; {tokens.Prompts} {(tokens.Prompts == 1 ? "prompt" : "prompts")}, the longest {tokens.LongestPrompt} of {tokens.Capacity} tokens";
        return $"{tokens.Placeholder} starts from {tokens.Initializer}{pieces}, {tokens.Vectors} {(tokens.Vectors == 1 ? "vector" : "vectors")}{prompts}";
    }

    private static string Text(CheckedModel model) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{model.Name}: {(model.Family == ModelFamily.StableDiffusionXl ? "Stable Diffusion XL" : "Stable Diffusion")}, {model.UNetParameters / 1e6:F1} million numbers in the U-Net, rows {string.Join(" and ", model.TextWidths)} wide, images of {model.Resolution}, predicts {(model.Prediction == PredictionType.VPrediction ? "velocity" : "noise")}, on {model.Device}; all weights are finite"
        );

    private static string Text(CheckedMemory memory)
    {
        var peak = memory.PeakBytes is { } bytes
            ? string.Create(CultureInfo.InvariantCulture, $", {bytes / Gib:F1} GiB at the peak of the timed steps")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{memory.EstimatedBytes / Gib:F1} GiB estimated, {memory.AvailableBytes / Gib:F1} GiB available{peak}; gradient checkpointing {(memory.GradientCheckpointing ? "on" : "off")}"
        );
    }

    private static string Text(CheckedTime time) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{time.StepSeconds:G2} s a step, {time.ValidationSeconds:G2} s a validation: {TimeSpan.FromSeconds(Math.Ceiling(time.Seconds)):h\\:mm\\:ss} for {(time.Seeds == 1 ? "" : $"{time.Seeds} times ")}{time.Steps} steps, unless it stops earlier"
        );
}
