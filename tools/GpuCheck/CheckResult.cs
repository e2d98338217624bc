using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.GpuCheck;

/// <summary>The result of a check, a file in the folder of results. What a check does not measure is null.</summary>
internal sealed record CheckResult
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private const string OutOfMemory = "out of memory";

    /// <summary>Why it could not be done.</summary>
    public string? Problem { get; init; }

    [JsonIgnore]
    public bool IsOutOfMemory => Problem == OutOfMemory;

    /// <summary>The result of a check that does not fit in the device's memory.</summary>
    public static CheckResult OfTooLittleMemory() => new() { Problem = OutOfMemory };

    /// <summary>The difference of the loss from the CPU's in float32, as a share of it.</summary>
    public double? LossDifference { get; init; }

    /// <summary>The norm of the difference of the gradients, as a share of the norm of the CPU's.</summary>
    public double? GradientDifference { get; init; }

    /// <summary>The mean difference of the image's bytes.</summary>
    public double? PixelDifference { get; init; }

    /// <summary>The validation loss before training.</summary>
    public double? InitialLoss { get; init; }

    /// <summary>The best validation loss.</summary>
    public double? BestLoss { get; init; }

    /// <summary>The median duration of a training step.</summary>
    public double? StepSeconds { get; init; }

    /// <summary>The duration of one image.</summary>
    public double? ImageSeconds { get; init; }

    /// <summary>The most memory in use while training.</summary>
    public long? PeakBytes { get; init; }

    /// <summary>The result in a file, or null if there is none yet.</summary>
    public static CheckResult? Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<CheckResult>(File.ReadAllText(path), Json) : null;
        }
        catch (JsonException)
        {
            return null; // damaged: it is measured again
        }
    }

    public void Write(string path) =>
        IO.AtomicFile.WriteText(path, overwrite: true, JsonSerializer.Serialize(this, Json));
}
