namespace TextualInversion.GpuCheck;

/// <summary>What a check does.</summary>
internal enum CheckKind
{
    /// <summary>Compares a training step and an image with the CPU's.</summary>
    Comparison,

    /// <summary>Trains the demo model.</summary>
    Training,

    /// <summary>Measures steps and images of a model with random weights.</summary>
    Speed,
}

/// <summary>One check, which runs in a process of its own.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Model">The model: demo, sd15 or sdxl.</param>
/// <param name="Precision">The precision of the U-Net.</param>
/// <param name="Checkpointing">Whether gradient checkpointing is on.</param>
internal sealed record Check(CheckKind Kind, string Model, Precision Precision, bool Checkpointing = false)
{
    private static readonly string[] RealModels = ["sd15", "sdxl"];

    /// <summary>The name of its result.</summary>
    public string Name => $"{Kind}-{Model}-{Precision}{(Checkpointing ? "-checkpointing" : "")}".ToLowerInvariant();

    private static readonly bool[] OffAndOn = [false, true];

    /// <summary>The checks of a device, the quickest first.</summary>
    public static IReadOnlyList<Check> All(CheckOptions options)
    {
        var half = options.Precisions.Where(precision => precision != Precision.Fp32);
        return
        [
            .. options.Precisions.Select(precision => new Check(CheckKind.Comparison, "demo", precision)),
            new Check(CheckKind.Training, "demo", Precision.Auto),
            .. from model in RealModels
            from precision in half
            from checkpointing in OffAndOn
            select new Check(CheckKind.Speed, model, precision, checkpointing),
        ];
    }
}
