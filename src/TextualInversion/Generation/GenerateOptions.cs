using TextualInversion.Schedulers;

namespace TextualInversion.Generation;

/// <summary>How a picture is made.</summary>
public sealed record GenerateOptions
{
    public required string Prompt { get; init; }

    /// <summary>What the picture should not be, where the guidance is above 1. Null is not always the same as empty: some models have zeros for it.</summary>
    public string? Negative { get; init; }

    public required SamplerKind Sampler { get; init; }

    /// <summary>Steps of the sampler.</summary>
    public required int Steps { get; init; }

    /// <summary>How far beyond the unguided prediction to go (Ho and Salimans 2022, eq. 6, as 1 + w); at 1 and below there is no guidance.</summary>
    public required double Guidance { get; init; }

    /// <summary>In pixels, a multiple of 8.</summary>
    public required int Width { get; init; }

    /// <summary>In pixels, a multiple of 8.</summary>
    public required int Height { get; init; }

    /// <exception cref="TextualInversionException">A number is out of its range.</exception>
    public void Validate()
    {
        if (!double.IsFinite(Guidance) || Guidance < 0) throw new TextualInversionException(FormattableString.Invariant($"--guidance {Guidance}: choose a number from 0, such as 7.5."));
        foreach (var (name, side) in new[] { ("--width", Width), ("--height", Height) })
        {
            if (side is < 8 or > 4096 || side % 8 != 0) throw new TextualInversionException($"{name} {side}: choose a multiple of 8 from 8 to 4096, in pixels.");
        }
    }
}
