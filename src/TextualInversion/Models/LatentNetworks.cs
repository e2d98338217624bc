using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Native;
using TextualInversion.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Models;

/// <summary>
/// The U-Net and the two halves of the VAE, which all families share. Each network is loaded when it is first used, and
/// the VAE's memory can be released, so that only the networks in use are in memory.
/// </summary>
internal sealed class LatentNetworks : IDisposable
{
    private readonly Device device;
    private bool gradientCheckpointing;
    private readonly VaeConfig vaeConfig;
    private readonly ConfigCheck unetCheck;
    private readonly ITensorFile unetFile,
        vaeFile;
    private VaeEncoder? vaeEncoder;
    private VaeDecoder? vaeDecoder;
    private UNet? unet;
    private readonly BusyMachineWatch? busyMachineWatch;

    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public LatentNetworks(IModelFiles files, Device device, ScalarType type, bool gradientCheckpointing)
    {
        this.device = device;
        Type = type;
        this.gradientCheckpointing = gradientCheckpointing;
        UNetConfig = files.Config<UNetConfig>("unet");
        vaeConfig = files.Config<VaeConfig>("vae");
        // All headers are read before any work, so that a broken file is named at once.
        (unetFile, vaeFile) = (files.Weights("unet"), files.Weights("vae"));
        unetCheck = new ConfigCheck(files.DisplayPath("unet/config.json"));
        var vaeCheck = new ConfigCheck(files.DisplayPath("vae/config.json"));
        UNetConfig.RequireFit(new ConfigWeights(unetCheck, unetFile));
        vaeConfig.RequireFit(new ConfigWeights(vaeCheck, vaeFile));
        busyMachineWatch = device.type == DeviceType.CPU ? new BusyMachineWatch() : null;
    }

    public UNetConfig UNetConfig { get; }

    /// <summary>The type in which the U-Net computes.</summary>
    public ScalarType Type { get; }

    /// <summary>See <see cref="Unets.UNet.UsesGradientCheckpointing"/>.</summary>
    public bool UsesGradientCheckpointing
    {
        get => gradientCheckpointing;
        set
        {
            gradientCheckpointing = value;
            if (unet is not null)
                unet.UsesGradientCheckpointing = value;
        }
    }

    /// <summary>
    /// Whether the U-Net's weights stay in the half precision of their file: half of the memory, where float32 is
    /// computed, for more time. If it changes, the U-Net is loaded again.
    /// </summary>
    public bool KeepsHalf
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            unet?.Dispose();
            unet = null;
        }
    }

    public UNet UNet => unet ??= new UNet(UNetConfig, unetFile, Type, device, gradientCheckpointing, KeepsHalf);

    public VaeEncoder VaeEncoder => vaeEncoder ??= new VaeEncoder(vaeConfig, vaeFile, device);

    public VaeDecoder VaeDecoder => vaeDecoder ??= new VaeDecoder(vaeConfig, vaeFile, device);

    /// <summary>The height and width of a latent cell, in pixels.</summary>
    public int PixelsPerCell => vaeConfig.PixelsPerCell;

    /// <summary>The height and width of the images that the model was trained on, in pixels.</summary>
    public int Resolution => UNetConfig.SampleSize * PixelsPerCell;

    /// <summary>Refuses a U-Net that belongs to other text encoders.</summary>
    /// <param name="textWidth">The width of the text encoders' states.</param>
    /// <param name="addition">
    /// The kind of embedding that the family adds to the timestep, or null if it adds none.
    /// </param>
    /// <exception cref="TextualInversionException">The U-Net expects another width or embedding.</exception>
    public void RequireText(long textWidth, string? addition)
    {
        unetCheck.Require(
            UNetConfig.AdditionEmbedType == addition,
            "addition_embed_type",
            UNetConfig.AdditionEmbedType,
            $"{addition ?? "null"} for this kind of model; the U-Net and the text encoders do not belong together"
        );
        unetCheck.Require(
            UNetConfig.CrossAttentionDim == textWidth,
            "cross_attention_dim",
            UNetConfig.CrossAttentionDim,
            $"{textWidth}, the width of the text encoders' states; the U-Net and the text encoders do not "
                + $"belong together"
        );
    }

    /// <summary>Refuses a U-Net whose added embedding does not fit the pooled text.</summary>
    /// <param name="pooledWidth">The width of the text encoder's projected pooled output.</param>
    /// <exception cref="TextualInversionException">The widths differ.</exception>
    public void RequirePooledText(int pooledWidth) => UNetConfig.RequireTextTime(pooledWidth, unetCheck);

    /// <summary>Frees the VAE's memory; the VAE is loaded again when it is needed.</summary>
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
        busyMachineWatch?.Dispose();
    }
}
