using System.Globalization;
using System.Text;
using TextualInversion.Native;

namespace TextualInversion.GpuCheck;

/// <summary>The results as Markdown tables.</summary>
internal sealed class CheckReport
{
    private const StringComparison Ignoring = StringComparison.OrdinalIgnoreCase;

    private readonly CheckOptions options;
    private readonly IReadOnlyList<Check> checks;

    public CheckReport(CheckOptions options, IReadOnlyList<Check> checks) =>
        (this.options, this.checks) = (options, checks);

    /// <summary>Whether all checks of this program are done.</summary>
    public bool IsComplete => checks.All(check => Of(check) is not null);

    /// <summary>
    /// Whether nothing failed or differs by more than is allowed. A model that is too large for the device is no
    /// failure.
    /// </summary>
    public bool IsGood =>
        checks.All(check => Of(check) is not { } result || result.IsOutOfMemory || Verdict(check) == "ok");

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        var device = DeviceReport.All().FirstOrDefault(each => each.Name.StartsWith(options.DeviceName, Ignoring));
        var libtorch = TorchRuntime.Describe();
        text.AppendLine(Invariant($"# {options.DeviceName}: {device?.Product ?? "?"}")).AppendLine();
        var capability = device?.ComputeCapability?.ToString() ?? "–";
        var memory = Size(device?.Budget.TotalBytes);
        text.AppendLine(Invariant($"Compute capability {capability}, memory {memory}, libtorch {libtorch.Version}, "))
            .AppendLine(Invariant($"{Software.Name}."));
        if (options.IsTiny)
            text.AppendLine().AppendLine("With small models: the times say nothing about real ones.");
        AddComparisons(text);
        AddTraining(text);
        AddSpeeds(text);
        return text.ToString();
    }

    private void AddComparisons(StringBuilder text)
    {
        text.AppendLine().AppendLine("Differences from the CPU in fp32, on the demo model:").AppendLine();
        text.AppendLine("| Precision | Loss | Gradient | Bytes of an image | |").AppendLine("|---|---|---|---|---|");
        foreach (var check in Of(CheckKind.Comparison))
        {
            var (result, allowed) = (Of(check), Allowed(check.Precision));
            Row(
                text,
                Lower(check.Precision),
                Share(result?.LossDifference, allowed.Loss),
                Share(result?.GradientDifference, allowed.Gradient),
                Invariant($"{Number(result?.PixelDifference)} of {allowed.Pixels}"),
                Verdict(check)
            );
        }
    }

    private void AddTraining(StringBuilder text)
    {
        text.AppendLine().AppendLine("Training of the demo model, batch 4:").AppendLine();
        text.AppendLine("| Step | Peak memory | Validation loss | |").AppendLine("|---|---|---|---|");
        foreach (var check in Of(CheckKind.Training))
        {
            var result = Of(check);
            var losses = $"{Number(result?.InitialLoss)} to {Number(result?.BestLoss)}";
            Row(text, Seconds(result?.StepSeconds), Size(result?.PeakBytes), losses, Verdict(check));
        }
    }

    private string Models => options.IsTiny ? "Small models" : "Models with random weights";

    private void AddSpeeds(StringBuilder text)
    {
        text.AppendLine()
            .AppendLine(Invariant($"{Models}, batch 1, images of {options.ImageSteps} steps with guidance:"))
            .AppendLine();
        const string Measurement = "Step | Peak memory | Images/s";
        text.AppendLine($"| Model | Precision | Checkpointing | {Measurement} | diffusers: {Measurement} | |")
            .AppendLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach (var check in Of(CheckKind.Speed))
        {
            var diffusers = CheckResult.Read(AllChecks.FileOf(options, AllChecks.NameOfDiffusers(check)));
            var checkpointing = check.Checkpointing ? "on" : "off";
            Row(
                text,
                check.Model,
                Lower(check.Precision),
                checkpointing,
                Measured(Of(check)),
                Measured(diffusers),
                Verdict(check)
            );
        }
    }

    private static void Row(StringBuilder text, params string[] cells) =>
        text.AppendLine($"| {string.Join(" | ", cells)} |");

    private static string Measured(CheckResult? result) =>
        result?.Problem is { } problem
            ? $"{problem} | – | –"
            : $"{Seconds(result?.StepSeconds)} | {Size(result?.PeakBytes)} | {Number(1 / result?.ImageSeconds)}";

    private string Verdict(Check check)
    {
        if (Of(check) is not { } result)
            return "not done";
        if (result.Problem is { } problem)
            return problem;
        var allowed = Allowed(check.Precision);
        var isGood = check.Kind switch
        {
            CheckKind.Comparison => result.LossDifference <= allowed.Loss
                && result.GradientDifference <= allowed.Gradient
                && result.PixelDifference <= allowed.Pixels,
            CheckKind.Training => result.BestLoss < result.InitialLoss,
            CheckKind.Speed => true,
            _ => throw new ArgumentOutOfRangeException(nameof(check)),
        };
        return isGood ? "ok" : "differs too much";
    }

    /// <summary>
    /// The differences that rounding explains: bfloat16 has 8 bits, float16 11, and a GPU sums float32 in other orders.
    /// </summary>
    private static (double Loss, double Gradient, double Pixels) Allowed(Precision precision) =>
        precision switch
        {
            Precision.Bf16 => (0.02, 0.2, 12),
            Precision.Fp16 => (0.005, 0.05, 4),
            _ => (0.002, 0.02, 2),
        };

    private IEnumerable<Check> Of(CheckKind kind) => checks.Where(check => check.Kind == kind);

    private CheckResult? Of(Check check) => CheckResult.Read(AllChecks.FileOf(options, check.Name));

    private static string Lower(Precision precision) => precision.ToString().ToLowerInvariant();

    private static string Share(double? value, double allowed) =>
        value is { } share ? Invariant($"{share:P3} of {allowed:P1}") : "–";

    private static string Seconds(double? seconds) => seconds is { } value ? Invariant($"{value:0.000} s") : "–";

    private static string Number(double? number) => number is { } value ? Invariant($"{value:0.####}") : "–";

    private static string Size(long? bytes) =>
        bytes is { } value ? Invariant($"{value / (double)(1 << 30):0.0} GiB") : "–";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
