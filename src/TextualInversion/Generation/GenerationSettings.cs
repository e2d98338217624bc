using TextualInversion.Data;
using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>How an image is made.</summary>
internal sealed record GenerationSettings
{
    /// <summary>The longest side of an image, in pixels.</summary>
    public const int LongestSide = 4096;

    public required string Prompt { get; init; }

    /// <summary>
    /// What the image should not be, where the guidance is above 1. Null is not always the same as empty: some models
    /// have zeros for it.
    /// </summary>
    public string? Negative { get; init; }

    public required SamplerKind Sampler { get; init; }

    /// <summary>Steps of the sampler.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// How far beyond the unguided prediction to go (Ho and Salimans 2022, eq. 6, as 1 + w); at 1 and below there is no
    /// guidance.
    /// </summary>
    public required double Guidance { get; init; }

    /// <summary>In pixels, a multiple of 8.</summary>
    public required int Width { get; init; }

    /// <summary>In pixels, a multiple of 8.</summary>
    public required int Height { get; init; }

    /// <summary>An image to start from, of any size; null for noise alone.</summary>
    public RgbImage? Init { get; init; }

    /// <summary>
    /// How much of <see cref="Init"/> is replaced: from just above 0, the last of the steps, to 1, all of them.
    /// </summary>
    public double Strength { get; init; } = 0.75;

    /// <summary>How much noise DDIM adds, from 0 to 1; the other samplers ignore it.</summary>
    public double Eta { get; init; }

    /// <summary>
    /// The text encoder's block whose states are taken, counted from the end: 1 for the model's own choice, 2 for the
    /// one before, as in the WebUI.
    /// </summary>
    public int ClipSkip { get; init; } = 1;

    /// <summary>
    /// How much of the contrast that guidance adds is taken back, from 0 to 1 (Lin et al. 2023, section 3.4).
    /// </summary>
    public double GuidanceRescale { get; init; }

    /// <summary>Steps that are not taken because <see cref="Init"/> stands for them.</summary>
    internal int SkippedSteps => Steps - Math.Min((int)(Steps * Strength), Steps);

    /// <exception cref="TextualInversionException">
    /// A number is out of its range; <see cref="TextualInversionException.Parameter"/> names the property.
    /// </exception>
    public void Validate()
    {
        const string Share = "a number from 0 to 1";
        var side = $"a multiple of 8 from 8 to {LongestSide}, in pixels";
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
