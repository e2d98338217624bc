namespace TextualInversion.Cli.Check;

/// <summary>What <c>ti check</c> knows; what could not be looked at is null.</summary>
internal sealed record CheckReport
{
    public required CheckVerdict Verdict { get; init; }

    public required IReadOnlyList<CheckedImage> Images { get; init; }

    public required CheckedTokens? Tokens { get; init; }

    public required CheckedModel? Model { get; init; }

    public required CheckedMemory? Memory { get; init; }

    public required CheckedTime? Time { get; init; }

    public required IReadOnlyList<CheckFinding> Findings { get; init; }
}

internal enum CheckVerdict
{
    Ready,
    ReadyWithWarnings,
    Refused,
}

/// <param name="Path">as it was found</param>
/// <param name="Width">upright, in pixels</param>
/// <param name="Height">upright, in pixels</param>
/// <param name="LearnedWidth">as it is learned, in pixels</param>
/// <param name="LearnedHeight">as it is learned, in pixels</param>
/// <param name="Repeats">how often it counts</param>
/// <param name="Turned">whether it was put upright as its EXIF data say</param>
internal sealed record CheckedImage(
    string Path,
    int Width,
    int Height,
    int LearnedWidth,
    int LearnedHeight,
    int Repeats,
    bool Turned
)
{
    /// <summary>See <see cref="Data.ImageQuality"/>.</summary>
    public required double Sharpness { get; init; }

    /// <summary>0 to 1.</summary>
    public required double Brightness { get; init; }

    /// <summary>The part that its mask leaves, 0 to 1.</summary>
    public required double Counted { get; init; }
}

/// <param name="Placeholder">the new word</param>
/// <param name="Vectors">rows that it stands for</param>
/// <param name="Initializer">words or file</param>
/// <param name="InitializerTokens">how the words are read</param>
/// <param name="Prompts">different sentences to learn under</param>
/// <param name="LongestPrompt">in tokens</param>
/// <param name="Capacity">tokens that fit</param>
internal sealed record CheckedTokens(
    string Placeholder,
    int Vectors,
    string Initializer,
    IReadOnlyList<string> InitializerTokens,
    int? Prompts,
    int? LongestPrompt,
    int? Capacity
);

/// <param name="Name">as recorded</param>
/// <param name="Family">stableDiffusion or stableDiffusionXl</param>
/// <param name="UNetParameters">numbers in the U-Net</param>
/// <param name="TextWidths">of a row, for each text encoder</param>
/// <param name="Resolution">of its own images, a side in pixels</param>
/// <param name="Prediction">epsilon or vPrediction</param>
/// <param name="Device">where it is computed</param>
internal sealed record CheckedModel(
    string Name,
    ModelFamily Family,
    long UNetParameters,
    IReadOnlyList<long> TextWidths,
    int Resolution,
    PredictionType Prediction,
    string Device
);

/// <param name="EstimatedBytes">without gradient checkpointing</param>
/// <param name="AvailableBytes">of the machine</param>
/// <param name="GradientCheckpointing">whether it would be used</param>
/// <param name="PeakBytes">of this process after the timed steps; null where there were none</param>
internal sealed record CheckedMemory(
    long EstimatedBytes,
    long AvailableBytes,
    bool GradientCheckpointing,
    long? PeakBytes
);

/// <param name="StepSeconds">of a step</param>
/// <param name="ValidationSeconds">of a validation</param>
/// <param name="Steps">at most, for each seed</param>
/// <param name="Seeds">trainings</param>
/// <param name="Seconds">everything but loading the model</param>
internal sealed record CheckedTime(double StepSeconds, double ValidationSeconds, int Steps, int Seeds, double Seconds);
