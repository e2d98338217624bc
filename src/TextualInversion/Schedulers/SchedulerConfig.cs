namespace TextualInversion.Schedulers;

/// <summary>
/// A diffusers <c>scheduler/scheduler_config.json</c>. The defaults are those of diffusers' scheduler classes. Where
/// the classes differ, a missing key is null and each sampler applies its own default, as <c>Scheduler.from_config</c>
/// does (https://huggingface.co/docs/diffusers/api/schedulers/overview).
/// </summary>
internal sealed record SchedulerConfig
{
    /// <summary>The file, for messages.</summary>
    public string Source { get; init; } = "scheduler_config.json";

    /// <summary><c>_class_name</c>: the sampler that the model was published with.</summary>
    public string? ClassName { get; init; }

    public int NumTrainTimesteps { get; init; } = 1000;

    public double BetaStart { get; init; } = 0.0001;

    public double BetaEnd { get; init; } = 0.02;

    public BetaSchedule BetaSchedule { get; init; } = BetaSchedule.Linear;

    /// <summary>
    /// The betas themselves, <see cref="NumTrainTimesteps"/> of them, in place of <see cref="BetaSchedule"/>.
    /// </summary>
    public IReadOnlyList<float>? TrainedBetas { get; init; }

    /// <summary>
    /// Whether the betas are rescaled to zero terminal SNR: no image is left at the last timestep (arXiv 2305.08891).
    /// </summary>
    public bool RescaleBetasZeroSnr { get; init; }

    public PredictionType PredictionType { get; init; } = PredictionType.Epsilon;

    public TimestepSpacing? TimestepSpacing { get; init; }

    /// <summary>Added to every timestep of <see cref="TimestepSpacing.Leading"/>.</summary>
    public int StepsOffset { get; init; }

    /// <summary>
    /// Whether the state before timestep 0 counts as free of noise, rather than as noisy as timestep 0.
    /// </summary>
    public bool? SetAlphaToOne { get; init; }

    /// <summary>
    /// Whether the estimate of the clean sample is clipped to ±<see cref="ClipSampleRange"/>; meant for pixels, not for
    /// latents.
    /// </summary>
    public bool? ClipSample { get; init; }

    public double ClipSampleRange { get; init; } = 1;

    /// <summary>Whether PNDM begins with linear multistep (PLMS) rather than with Runge-Kutta steps.</summary>
    public bool SkipPrkSteps { get; init; }

    public bool UseKarrasSigmas { get; init; }

    /// <summary>
    /// Whether DPM-Solver++ solves the stochastic equation: <c>algorithm_type</c> is <c>sde-dpmsolver++</c>.
    /// </summary>
    public bool IsStochastic { get; init; }

    /// <summary>How many predictions the multistep solvers combine.</summary>
    public int SolverOrder { get; init; } = 2;

    public SolverType? SolverType { get; init; }

    /// <summary>Whether the last steps of a run are of lower order.</summary>
    public bool? LowerOrderFinal { get; init; }

    /// <summary>Whether the last step is of first order however long the run is.</summary>
    public bool EulerAtFinal { get; init; }

    /// <summary><c>final_sigmas_type</c>.</summary>
    public FinalSigma FinalSigma { get; init; } = FinalSigma.Zero;

    /// <summary>The number of steps of a latent consistency model's teacher.</summary>
    public int OriginalInferenceSteps { get; init; } = 50;

    /// <summary>The factor of timesteps in a latent consistency model's boundary condition.</summary>
    public double TimestepScaling { get; init; } = 10;

    /// <summary>
    /// Every key of the file with a value other than null, as text, for options of which a sampler supports only some
    /// values.
    /// </summary>
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads the text of a <c>scheduler_config.json</c>; unknown keys are ignored.</summary>
    /// <param name="json">The text.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="TextualInversionException">
    /// The text is not JSON, or a value is malformed or not supported.
    /// </exception>
    public static SchedulerConfig Parse(string json, string path) => SchedulerConfigReader.Read(json, path);

    /// <summary>Refuses a setting that <paramref name="sampler"/> would silently ignore.</summary>
    /// <exception cref="TextualInversionException">
    /// The file gives <paramref name="key"/> a value that is not in <paramref name="supported"/>.
    /// </exception>
    internal void Require(string sampler, string key, params string[] supported)
    {
        if (!Values.TryGetValue(key, out var found) || supported.Contains(found))
            return;
        var alternatives = supported.Length == 0 ? "no value" : string.Join(" or ", supported);
        throw new TextualInversionException(
            $"{Source}: {key} is {found}, but the sampler {sampler} supports {alternatives}. Choose another sampler."
        );
    }

    /// <summary>
    /// For DPM-Solver++: its predecessor is refused, and settings of other solvers count as the default, as in
    /// diffusers.
    /// </summary>
    internal void RequirePlusPlus(string sampler) =>
        Require(sampler, "algorithm_type", "dpmsolver++", "sde-dpmsolver++", "deis");
}
