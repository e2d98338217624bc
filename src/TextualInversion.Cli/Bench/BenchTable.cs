using System.Globalization;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Bench;

/// <summary>The result of <c>ti bench</c> as text.</summary>
internal static class BenchTable
{
    private const double Tera = 1e12,
        Giga = 1e9;

    public static void Write(TextWriter output, BenchResult result)
    {
        var size = $"{result.Resolution} x {result.Resolution}";
        var checkpointing = result.GradientCheckpointing ? ", gradient checkpointing" : "";
        output.WriteLine(
            $"{result.Model}, {size}, batch {result.Batch}, {result.Precision.ToString().ToLowerInvariant()}"
                + $"{checkpointing}, on {result.Device} ({result.Product})"
        );
        output.WriteLine();
        var table = new PlainTable().AddColumn(wraps: false).AddColumn(wraps: false).AddColumn();
        AddStart(table, result.Start);
        AddStep(table, result.Step, result.Steps);
        AddComparison(table, result);
        table.Write(output);
    }

    private static void AddStart(PlainTable table, StartTimes start)
    {
        table.AddRow("load", Seconds(start.LoadSeconds), "");
        table.AddRow("  open, text encoder", Seconds(start.OpenSeconds), Share(start.OpenSeconds, start.LoadSeconds));
        table.AddRow(
            "  VAE encoder",
            Seconds(start.LoadVaeEncoderSeconds),
            Share(start.LoadVaeEncoderSeconds, start.LoadSeconds)
        );
        table.AddRow("  U-Net", Seconds(start.LoadUnetSeconds), Share(start.LoadUnetSeconds, start.LoadSeconds));
        table.AddRow("encode an image", Seconds(start.EncodeImageSeconds), "");
        table.AddRow("first step", Seconds(start.FirstStepSeconds), "");
        table.AddRow("open to first step", Seconds(start.TimeToFirstStepSeconds), "all of the above, and hashing");
    }

    private static void AddStep(PlainTable table, StepTimes step, int steps)
    {
        var images = string.Create(CultureInfo.InvariantCulture, $"{step.ImagesPerSecond:G3} images/s");
        table.AddRow("step", Seconds(step.Seconds), $"median of {steps}, {images}");
        Part("text encoder", step.TextEncoderSeconds);
        Part("U-Net forward", step.UnetForwardSeconds);
        Part("backward", step.BackwardSeconds);
        Part("rest", step.RestSeconds);

        void Part(string name, double seconds) =>
            table.AddRow($"  {name}", Seconds(seconds), Share(seconds, step.Seconds));
    }

    private static void AddComparison(PlainTable table, BenchResult result)
    {
        var (bare, counts) = (result.BareUnet, result.Operations);
        table.AddRow("U-Net alone", Seconds(bare.Seconds), Share(bare.Seconds, result.Step.Seconds, " of a step"));
        table.AddRow("  forward", Seconds(bare.ForwardSeconds), $"about {TeraOf(counts.UnetForward)}");
        table.AddRow("  backward", Seconds(bare.BackwardSeconds), $"about {TeraOf(counts.UnetBackward)}");
        table.AddRow("matrix product", Rate(counts.MatrixProductPerSecond), "");
        table.AddRow(
            "step",
            Rate(counts.StepPerSecond),
            Share(counts.StepPerSecond, counts.MatrixProductPerSecond, " of it")
        );
        table.AddRow("peak memory", ByteSize.Format(result.PeakBytes), "");
        if (result.Generation is { } image)
            table.AddRow("generate an image", Seconds(image.SecondsPerImage), Plural.Of(image.Steps, "step"));
    }

    private static string Seconds(double seconds) =>
        seconds < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:F1} ms")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds:F2} s");

    private static string Share(double part, double whole, string ofWhat = "") =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * part / whole:F0} %{ofWhat}");

    private static string TeraOf(double operations) =>
        string.Create(CultureInfo.InvariantCulture, $"{operations / Tera:G3} TFLOP");

    private static string Rate(double operationsPerSecond) =>
        string.Create(CultureInfo.InvariantCulture, $"{operationsPerSecond / Giga:F0} GFLOP/s");
}
