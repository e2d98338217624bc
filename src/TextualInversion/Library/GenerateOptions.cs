namespace TextualInversion;

/// <summary>How an image is generated. What is null is the model's own.</summary>
public sealed record GenerateOptions
{
    /// <summary>What the image should not show, or null for nothing.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>The sampler. Default: the model's recommendation, else its own.</summary>
    public SamplerKind? Sampler { get; init; }

    /// <summary>The number of sampling steps, at least 1. Default: the model's recommendation, else 30.</summary>
    public int? Steps { get; init; }

    /// <summary>
    /// The guidance scale, 0 or more; 1 disables guidance. Default: the model's recommendation, else 7.5.
    /// </summary>
    public double? Guidance { get; init; }

    /// <summary>The width in pixels, a multiple of 8 from 8 to 4096. Default: the model's.</summary>
    public int? Width { get; init; }

    /// <summary>The height in pixels, a multiple of 8 from 8 to 4096. Default: the model's.</summary>
    public int? Height { get; init; }

    /// <summary>
    /// How many of the text encoder's last blocks are skipped, plus 1: 1 for none, 2 as many anime models want it.
    /// Default: 1.
    /// </summary>
    public int ClipSkip { get; init; } = 1;

    /// <summary>
    /// Guidance rescale, 0 to 1 (Lin et al. 2023); 0.7 for models with zero terminal SNR. Default: 0.
    /// </summary>
    public double GuidanceRescale { get; init; }

    /// <summary>For the DDIM sampler: how much noise each step adds, 0 to 1. Default: 0.</summary>
    public double Eta { get; init; }
}
