using TextualInversion.Data;

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

    /// <param name="prefix">of the options' names, where they are typed with another</param>
    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public void Validate(string prefix = "--")
    {
        RequireUnit($"{prefix}eta", Eta);
        RequireUnit($"{prefix}guidance-rescale", GuidanceRescale);
        if (Init is not null && SkippedSteps >= Steps || Strength is not (> 0 and <= 1))
            throw new TextualInversionException(
                FormattableString.Invariant(
                    $"{prefix}strength {Strength}: choose up to 1, large enough for one of {Steps} steps, such as 0.75."
                )
            );
        if (ClipSkip < 1)
            throw new TextualInversionException(
                $"{prefix}clip-skip {ClipSkip}: choose 1 for all of the text encoder, 2 for all but its last block."
            );
        if (!double.IsFinite(Guidance) || Guidance < 0)
            throw new TextualInversionException(
                FormattableString.Invariant($"{prefix}guidance {Guidance}: choose a number from 0, such as 7.5.")
            );
        foreach (var (name, side) in new[] { ($"{prefix}width", Width), ($"{prefix}height", Height) })
        {
            if (side is < 8 or > LongestSide || side % 8 != 0)
                throw new TextualInversionException(
                    $"{name} {side}: choose a multiple of 8 from 8 to {LongestSide}, in pixels."
                );
        }
    }

    private static void RequireUnit(string name, double value)
    {
        if (value is not (>= 0 and <= 1))
            throw new TextualInversionException(
                FormattableString.Invariant($"{name} {value}: choose a number from 0 to 1.")
            );
    }
}
