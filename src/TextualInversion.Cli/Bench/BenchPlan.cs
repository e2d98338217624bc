using TextualInversion.Native;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Bench;

/// <summary>What to measure.</summary>
/// <param name="Device">The device that computes.</param>
/// <param name="Precision">What the U-Net computes in, not <see cref="TextualInversion.Precision.Auto"/>.</param>
/// <param name="Options">The options of the training.</param>
/// <param name="Steps">The training steps to measure.</param>
/// <param name="GenerateSteps">The sampling steps of an image, or null to generate none.</param>
internal sealed record BenchPlan(
    Device Device,
    Precision Precision,
    TrainOptions Options,
    int Steps,
    int? GenerateSteps
)
{
    /// <summary>The type in which the U-Net computes.</summary>
    public ScalarType Type => PrecisionChoice.TypeOf(Precision);
}
