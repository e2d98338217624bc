using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// What all families have: the U-Net and the two halves of the VAE. They are loaded when they are first used and the VAE's can be let
/// go, so that no more of them is in memory than the work at hand needs.
/// </summary>
internal sealed class LatentNetworks : IDisposable
{
    private readonly Device device;
    private readonly ScalarType type;
    private readonly bool gradientCheckpointing;
    private readonly VaeConfig vaeConfig;
    private readonly ITensorFile unetFile,
        vaeFile;
    private VaeEncoder? vaeEncoder;
    private VaeDecoder? vaeDecoder;
    private UNet? unet;

    /// <exception cref="TextualInversionException">A file is missing, truncated or another model's.</exception>
    public LatentNetworks(IModelFiles files, Device device, ScalarType type, bool gradientCheckpointing)
    {
        this.device = device;
        this.type = type;
        this.gradientCheckpointing = gradientCheckpointing;
        UNetConfig = files.Config<UNetConfig>("unet");
        vaeConfig = files.Config<VaeConfig>("vae");
        // All headers are read before any work, so that a broken file is named at once.
        (unetFile, vaeFile) = (files.Weights("unet"), files.Weights("vae"));
        UNetConfig.Validate(unetFile.FilePath);
        vaeConfig.Validate(vaeFile.FilePath);
    }

    public UNetConfig UNetConfig { get; }

    public UNet UNet => unet ??= new UNet(UNetConfig, unetFile, type, device, gradientCheckpointing);

    public VaeEncoder VaeEncoder => vaeEncoder ??= new VaeEncoder(vaeConfig, vaeFile, device);

    public VaeDecoder VaeDecoder => vaeDecoder ??= new VaeDecoder(vaeConfig, vaeFile, device);

    public int PixelsPerCell => vaeConfig.PixelsPerCell;

    public int Resolution => UNetConfig.SampleSize * PixelsPerCell;

    /// <summary>Refuses a U-Net that belongs to other text encoders.</summary>
    /// <param name="width">what the encoders give for a token</param>
    /// <param name="addition">what the family adds to the timestep</param>
    /// <exception cref="TextualInversionException">It does.</exception>
    public void RequireText(long width, string? addition)
    {
        if (UNetConfig.AdditionEmbedType != addition)
            throw new TextualInversionException(
                $"{unetFile.FilePath}: its config.json has addition_embed_type {UNetConfig.AdditionEmbedType ?? "null"}, this kind of model has {addition ?? "null"}; the U-Net and the text encoders do not belong together."
            );
        if (UNetConfig.CrossAttentionDim != width)
            throw new TextualInversionException(
                $"{unetFile.FilePath}: takes text states {UNetConfig.CrossAttentionDim} wide, the text encoders give {width}; they do not belong together."
            );
    }

    public void ReleaseVae()
    {
        vaeEncoder?.Dispose();
        vaeDecoder?.Dispose();
        (vaeEncoder, vaeDecoder) = (null, null);
    }

    public void Dispose()
    {
        ReleaseVae();
        unet?.Dispose();
    }
}
