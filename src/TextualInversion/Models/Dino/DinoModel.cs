using TextualInversion.Checkpoints;
using TextualInversion.Models.Layers;
using TextualInversion.Native;
using TextualInversion.Tensors;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TextualInversion.Models.Dino;

/// <summary>
/// DINOv2 (Oquab et al. 2023), a vision transformer trained on images alone, in a folder of transformers' layout:
/// <c>config.json</c> and <c>model.safetensors</c>. Its class token describes what an image shows in more detail than
/// CLIP's. Frozen.
/// </summary>
internal sealed class DinoModel : IDisposable
{
    /// <summary>The names of the weights, in the order of preference.</summary>
    public static readonly IReadOnlyList<string> WeightsFiles = ["model.safetensors", "pytorch_model.bin"];

    public const string ConfigFile = "config.json";

    private readonly WeightStore store;
    private readonly DinoConfig config;
    private readonly Device device;
    private readonly Tensor classToken,
        positions,
        patchWeight,
        patchBias;
    private readonly DinoLayer[] layers;
    private readonly LayerNorm finalNorm;

    /// <exception cref="TextualInversionException">A file is missing, truncated or of another model.</exception>
    public DinoModel(string folder, Device device)
    {
        this.device = device;
        var path = Path.Combine(folder, ConfigFile);
        config = ConfigJson.Parse<DinoConfig>(ConfigJson.ReadText(path), path);
        // The mask token is for training.
        store = new WeightStore(
            OpenWeights(folder),
            ScalarType.Float32,
            device,
            key => key == "embeddings.mask_token" ? null : key
        );
        var (weights, width) = (store.Root, config.HiddenSize);
        var embeddings = weights / "embeddings";
        classToken = embeddings.Take("cls_token", 1, 1, width);
        positions = embeddings.Take("position_embeddings", 1, 1 + config.PatchesPerSide * config.PatchesPerSide, width);
        var patches = embeddings / "patch_embeddings" / "projection";
        patchWeight = patches.Take("weight", width, 3, config.PatchSize, config.PatchSize);
        patchBias = patches.Take("bias", width);
        layers =
        [
            .. Enumerable
                .Range(0, config.NumHiddenLayers)
                .Select(i => new DinoLayer(weights / "encoder" / "layer" / i, config)),
        ];
        finalNorm = new LayerNorm(weights / "layernorm", width, config.LayerNormEps);
        store.RequireAllTaken();
    }

    /// <summary>The height and width of a patch, in pixels.</summary>
    public int PatchSize => config.PatchSize;

    /// <param name="pixels">(B, 3, H, W), normalized.</param>
    /// <returns>(B, width): the class token after the last norm, not of length 1.</returns>
    public Tensor Forward(Tensor pixels)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var stride = (long)config.PatchSize;
        var grid = F.conv2d(pixels.to(device), patchWeight, patchBias, strides: [stride, stride]); // (B, width, h, w)
        var patches = grid.flatten(2).transpose(1, 2); // (B, h w, width)
        var first = classToken.expand(pixels.shape[0], 1, -1); // (B, 1, width)
        var states = cat([first, patches], dim: 1).Plus(Positions(grid.shape[2], grid.shape[3])); // (B, 1 + h w, width)
        foreach (var layer in layers)
            states = layer.Forward(states);
        return finalNorm.Forward(states.select(1, 0)).MoveToOuterDisposeScope();
    }

    /// <summary>See <see cref="WeightStore.Hash"/>.</summary>
    public string Hash() => store.Hash();

    public void Dispose() => store.Dispose();

    /// <summary>The positions of h x w patches, resized as an image where these are not those learned.</summary>
    private Tensor Positions(long height, long width)
    {
        var side = config.PatchesPerSide;
        if ((height, width) == (side, side))
            return positions;
        var learned = positions.narrow(1, 1, side * side).view(1, side, side, -1).permute(0, 3, 1, 2); // (1, C, s, s)
        var resized = F.interpolate(learned, size: [height, width], mode: InterpolationMode.Bicubic); // (1, C, h, w)
        var patches = resized.permute(0, 2, 3, 1).reshape(1, height * width, -1); // (1, h w, C)
        return cat([positions.narrow(1, 0, 1), patches], dim: 1);
    }

    private static ITensorFile OpenWeights(string folder)
    {
        var path =
            WeightsFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new TextualInversionException(
                $"{Path.Combine(folder, WeightsFiles[0])}: is missing; the folder of DINOv2 is incomplete."
            );
        return TensorFile.Open(path);
    }
}
