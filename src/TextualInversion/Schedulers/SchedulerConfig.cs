using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Schedulers;

/// <summary>What the U-Net was trained to predict.</summary>
public enum PredictionType
{
    /// <summary>The noise (Ho et al. 2020, eq. 14).</summary>
    Epsilon,

    /// <summary>The velocity (Salimans and Ho 2022, appendix D).</summary>
    VPrediction,
}

/// <summary>How the timesteps of a run are spread over those of the training (Lin et al. 2024, table 2).</summary>
public enum TimestepSpacing
{
    Linspace,
    Leading,
    Trailing,
}

/// <summary>How the noise grows over the timesteps of the training.</summary>
public enum BetaSchedule
{
    Linear,

    /// <summary>Linear in the square root: Stable Diffusion's.</summary>
    ScaledLinear,

    /// <summary>A cosine in the product of the alphas (Nichol and Dhariwal 2021, eq. 17).</summary>
    [JsonStringEnumMemberName("squaredcos_cap_v2")]
    SquaredCosine,
}

/// <summary>
/// <c>scheduler_config.json</c> of a diffusers folder (https://huggingface.co/docs/diffusers/api/schedulers/overview). What is null was not
/// said: there each sampler has its own default, as in diffusers, so that a folder may be used with a sampler that is not its own.
/// </summary>
public sealed record SchedulerConfig
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>diffusers' name of the model's own sampler, such as <c>PNDMScheduler</c>.</summary>
    [JsonPropertyName("_class_name")]
    public string? ClassName { get; init; }

    public int NumTrainTimesteps { get; init; } = 1000;

    public double BetaStart { get; init; } = 0.0001;

    public double BetaEnd { get; init; } = 0.02;

    public BetaSchedule BetaSchedule { get; init; } = BetaSchedule.Linear;

    /// <summary>Betas given one by one instead; no supported checkpoint has them.</summary>
    public IReadOnlyList<double>? TrainedBetas { get; init; }

    /// <summary>Rescales the betas so that the last timestep is pure noise (Lin et al. 2024, algorithm 1).</summary>
    public bool RescaleBetasZeroSnr { get; init; }

    public PredictionType PredictionType { get; init; } = PredictionType.Epsilon;

    public TimestepSpacing? TimestepSpacing { get; init; }

    /// <summary>Added to the timesteps of the leading spacing.</summary>
    public int StepsOffset { get; init; }

    /// <summary>Whether DDIM and PNDM step to no noise at all at the end, or to that of timestep 0.</summary>
    public bool? SetAlphaToOne { get; init; }

    /// <summary>Whether DDIM clips its guess of the latents to [-1, 1].</summary>
    public bool? ClipSample { get; init; }

    /// <summary>Whether PNDM leaves out its Runge-Kutta steps.</summary>
    public bool? SkipPrkSteps { get; init; }

    public bool? UseKarrasSigmas { get; init; }

    /// <summary>The kind of DPM-Solver.</summary>
    public string? AlgorithmType { get; init; }

    public int? SolverOrder { get; init; }

    /// <param name="json">the file's text</param>
    /// <param name="path">the file, for errors</param>
    /// <exception cref="TextualInversionException">It is not JSON, or asks for what is not supported.</exception>
    public static SchedulerConfig Parse(string json, string path)
    {
        SchedulerConfig config;
        try
        {
            config = JsonSerializer.Deserialize<SchedulerConfig>(json, JsonOptions)!;
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{path}: {error.Path?.TrimStart('$', '.') ?? "the text"} is malformed or not supported ({error.Message})", error);
        }

        if (config.TrainedBetas is not null)
            throw new TextualInversionException($"{path}: trained_betas are not supported; use a model with a beta_schedule.");
        return config;
    }
}
