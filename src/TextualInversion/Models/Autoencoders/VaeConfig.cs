namespace TextualInversion.Models.Autoencoders;

/// <summary><c>vae/config.json</c> (https://huggingface.co/docs/diffusers/api/models/autoencoderkl).</summary>
internal sealed record VaeConfig
{
    /// <summary>The epsilon of every norm, fixed in diffusers' AutoencoderKL.</summary>
    internal const double NormEps = 1e-6;

    public required IReadOnlyList<int> BlockOutChannels { get; init; }

    public int LatentChannels { get; init; } = 4;

    public int LayersPerBlock { get; init; } = 1;

    public int NormNumGroups { get; init; } = 32;

    /// <summary>What makes the latents' variance about one (Rombach et al. 2022, appendix G). Latents outside the VAE are always scaled.</summary>
    public double ScalingFactor { get; init; } = 0.18215;

    public double? ShiftFactor { get; init; }

    public bool MidBlockAddAttention { get; init; } = true;

    public bool UseQuantConv { get; init; } = true;

    public bool UsePostQuantConv { get; init; } = true;

    /// <summary>Pixels a latent cell stands for, along one side.</summary>
    internal int PixelsPerCell => 1 << (BlockOutChannels.Count - 1);

    /// <exception cref="TextualInversionException">The config asks for something that this VAE does not compute.</exception>
    internal void Validate(string file)
    {
        if (ShiftFactor is not null and not 0 || !MidBlockAddAttention || LatentChannels != 4)
            throw new TextualInversionException(
                $"{file}: its config.json describes a VAE with shift_factor {ShiftFactor ?? 0}, mid_block_add_attention {MidBlockAddAttention}, latent_channels {LatentChannels}; Stable Diffusion's has 0, true and 4."
            );
    }
}
