using TextualInversion.Data;
using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>The settings of a generated image.</summary>
internal sealed record GenerationSettings
{
    /// <summary>The longest side of an image, in pixels.</summary>
    public const int LongestSide = 4096;

    public required string Prompt { get; init; }

    /// <summary>
    /// The negative prompt, which is used if the guidance is above 1. Null is not always the same as empty: some models
    /// use zeros for it.
    /// </summary>
    public string? Negative { get; init; }

    public required SamplerKind Sampler { get; init; }

    /// <summary>The number of sampling steps.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// The guidance scale (Ho and Salimans 2022, eq. 6, as 1 + w). At 1 and below there is no guidance.
    /// </summary>
    public required double Guidance { get; init; }

    /// <summary>The width in pixels, a multiple of 8.</summary>
    public required int Width { get; init; }

    /// <summary>The height in pixels, a multiple of 8.</summary>
    public required int Height { get; init; }

    /// <summary>The init image, of any size, or null to start from noise alone.</summary>
    public RgbImage? Init { get; init; }

    /// <summary>
    /// The denoising strength for <see cref="Init"/>: from just above 0, where only the last step is taken, to 1, where
    /// all are. Default: 0.75.
    /// </summary>
    public double Strength { get; init; } = 0.75;

    /// <summary>The amount of noise that DDIM adds, from 0 (default) to 1; other samplers ignore it.</summary>
    public double Eta { get; init; }

    /// <summary>
    /// The block of the text encoder whose states are used, counted from the end: 1 (default) for the model's own
    /// choice, 2 for the one before, as in the WebUI.
    /// </summary>
    public int ClipSkip { get; init; } = 1;

    /// <summary>
    /// Guidance rescale, from 0 (off, default) to 1: reduces the contrast that guidance adds (Lin et al. 2023, section
    /// 3.4).
    /// </summary>
    public double GuidanceRescale { get; init; }

    /// <summary>The number of steps that are skipped because <see cref="Init"/> replaces their result.</summary>
    internal int SkippedSteps => Steps - Math.Min((int)(Steps * Strength), Steps);

    /// <exception cref="TextualInversionException">
    /// A value is out of its range; <see cref="TextualInversionException.Parameter"/> names the property.
    /// </exception>
    public void Validate()
    {
        const string Share = "a number from 0 to 1";
        var side = $"a multiple of 8 from 8 to {LongestSide}, in pixels";
        Require(Steps >= 1, nameof(Steps), Steps, "1 or more");
        Require(Eta is >= 0 and <= 1, nameof(Eta), Eta, Share);
        Require(GuidanceRescale is >= 0 and <= 1, nameof(GuidanceRescale), GuidanceRescale, Share);
        Require(
            Strength is > 0 and <= 1 && (Init is null || SkippedSteps < Steps),
            nameof(Strength),
            Strength,
            $"up to 1, large enough for one of {Steps} steps, such as 0.75"
        );
        Require(
            ClipSkip >= 1,
            nameof(ClipSkip),
            ClipSkip,
            "1 for all of the text encoder, 2 for all but its last block"
        );
        Require(double.IsFinite(Guidance) && Guidance >= 0, nameof(Guidance), Guidance, "a number from 0, such as 7.5");
        Require(IsSide(Width), nameof(Width), Width, side);
        Require(IsSide(Height), nameof(Height), Height, side);
    }

    /// <summary>The same, and refuses a sampler that cannot do this with a model.</summary>
    /// <param name="scheduler">The model's noise schedule.</param>
    /// <exception cref="TextualInversionException">See <see cref="Validate()"/>.</exception>
    public void Validate(SchedulerConfig scheduler)
    {
        Validate();
        Samplers.Create(Sampler, scheduler, Steps, Eta).Dispose();
    }

    private static bool IsSide(int pixels) => pixels is >= 8 and <= LongestSide && pixels % 8 == 0;

    private static void Require(bool holds, string property, double value, string wanted)
    {
        if (!holds)
            throw TextualInversionException.ForParameter(
                property,
                FormattableString.Invariant($"{value}: choose {wanted}.")
            );
    }
}
