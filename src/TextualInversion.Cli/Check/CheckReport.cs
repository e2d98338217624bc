using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Check;

/// <summary>The result of <c>ti check</c>. A part that could not be checked is null.</summary>
internal sealed record CheckReport
{
    public required CheckVerdict Verdict { get; init; }

    public required IReadOnlyList<CheckedImage> Images { get; init; }

    public required CheckedTokens? Tokens { get; init; }

    public required CheckedModel? Model { get; init; }

    public required CheckedMemory? Memory { get; init; }

    public required CheckedTime? Time { get; init; }

    public required IReadOnlyList<CheckFinding> Findings { get; init; }

    /// <summary>The same with absolute paths.</summary>
    public CheckReport WithFullPaths() =>
        this with
        {
            Images = [.. Images.Select(image => image with { Path = Path.GetFullPath(image.Path) })],
        };
}

internal enum CheckVerdict
{
    Ready,
    ReadyWithWarnings,
    Refused,
}

/// <param name="Path">The file, as it was found.</param>
/// <param name="Width">The width of the upright image, in pixels.</param>
/// <param name="Height">The height of the upright image, in pixels.</param>
/// <param name="LearnedWidth">The width in training, in pixels.</param>
/// <param name="LearnedHeight">The height in training, in pixels.</param>
/// <param name="Repeats">Its repeats, relative to the other images.</param>
/// <param name="Turned">Whether it was rotated as its EXIF orientation says.</param>
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

    /// <summary>The mean gray value, 0 to 1.</summary>
    public required double Brightness { get; init; }

    /// <summary>The share of the image that its mask includes, 0 to 1.</summary>
    public required double Counted { get; init; }
}

/// <param name="Placeholder">The placeholder token.</param>
/// <param name="Vectors">The number of its vectors, the most if the search for the initializer decides.</param>
/// <param name="FewestVectors">The fewest, or null if their number is known.</param>
/// <param name="Initializer">The words or the file that training starts from.</param>
/// <param name="InitializerTokens">The tokens that the words are read as.</param>
/// <param name="Prompts">The number of different prompts.</param>
/// <param name="LongestPrompt">The length of the longest prompt, in tokens.</param>
/// <param name="Capacity">The number of tokens that fit into a prompt.</param>
internal sealed record CheckedTokens(
    string Placeholder,
    int Vectors,
    int? FewestVectors,
    string Initializer,
    IReadOnlyList<string> InitializerTokens,
    int? Prompts,
    int? LongestPrompt,
    int? Capacity
);

/// <param name="Name">The model, as it is recorded.</param>
/// <param name="Family">stableDiffusion or stableDiffusionXl.</param>
/// <param name="UNetParameters">The number of values in the U-Net.</param>
/// <param name="TextWidths">The width of each text encoder's vectors.</param>
/// <param name="Resolution">The side of the images that it was trained on, in pixels.</param>
/// <param name="Prediction">epsilon or vPrediction.</param>
/// <param name="Device">The device that computes.</param>
internal sealed record CheckedModel(
    string Name,
    ModelFamily Family,
    long UNetParameters,
    IReadOnlyList<long> TextWidths,
    int Resolution,
    PredictionType Prediction,
    string Device
);

/// <param name="EstimatedBytes">The estimated memory without gradient checkpointing.</param>
/// <param name="AvailableBytes">The memory of the machine.</param>
/// <param name="GradientCheckpointing">Whether gradient checkpointing would be on.</param>
/// <param name="PeakBytes">
/// The most memory that this process held during the timed steps, or null if no step was timed.
/// </param>
/// <param name="Cards">The largest batches for GPUs of several sizes.</param>
internal sealed record CheckedMemory(
    long EstimatedBytes,
    long AvailableBytes,
    bool GradientCheckpointing,
    long? PeakBytes,
    IReadOnlyList<CardEstimate> Cards
);

/// <param name="StepSeconds">The time of a step.</param>
/// <param name="ValidationSeconds">The time of a validation.</param>
/// <param name="Steps">The largest number of steps, for each seed.</param>
/// <param name="Seeds">The number of trainings.</param>
/// <param name="Seconds">The time of everything but loading the model.</param>
internal sealed record CheckedTime(double StepSeconds, double ValidationSeconds, int Steps, int Seeds, double Seconds);
