using TextualInversion.Checkpoints;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Estimates;

public sealed class TrainingMemoryTests : IDisposable
{
    private const string StableDiffusion1 = """
        {"block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 768, "layers_per_block": 2,
         "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
         "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>The measured peak beyond the weights was 2.0 GB in float32.</summary>
    [Fact]
    public void Estimate_StableDiffusion1At512_IsNearWhatWasMeasured() =>
        Assert.InRange(Estimate(512, 1, ScalarType.Float32) - 12, 1_600_000_000, 2_400_000_000);

    [Fact]
    public void Estimate_OfWhatItDependsOn_GrowsWithIt()
    {
        var one = Estimate(512, 1, ScalarType.Float32) - 12;
        Assert.Equal(4 * one, Estimate(512, 4, ScalarType.Float32) - 12);
        Assert.Equal(4 * one, Estimate(1024, 1, ScalarType.Float32) - 12);
        // 4 bytes for the text encoder, 2 elements for the U-Net.
        Assert.Equal(one / 2, Estimate(512, 1, ScalarType.BFloat16) - 8);
        Assert.Equal(one, Estimate(null, 1, ScalarType.Float32) - 12);
    }

    [Fact]
    public void Estimate_GradientCheckpointing_NeedsAFractionOfTheActivations()
    {
        var (kept, recomputed) = (
            Estimate(512, 1, ScalarType.Float32),
            Estimate(512, 1, ScalarType.Float32, new MemoryChoice(true, KeepsHalf: false))
        );

        Assert.InRange((double)recomputed / kept, 0.1, 0.3);
    }

    [Fact]
    public void Estimate_HalfThatIsKept_NeedsHalfOfTheWeightsAndALayer()
    {
        var sizes = PublishedModel.All[0].Sizes;
        var (widened, kept) = (Bytes(sizes, keepsHalf: false), Bytes(sizes with { IsHalf = true }, keepsHalf: true));

        Assert.Equal(widened, Bytes(sizes, keepsHalf: true)); // a float32 file has nothing to keep
        Assert.InRange(widened - kept, sizes.UNetElements * 1.5, sizes.UNetElements * 2);

        static long Bytes(NetworkSizes sizes, bool keepsHalf) =>
            TrainingMemory.Estimate(sizes, 64, 1, ScalarType.Float32, new MemoryChoice(true, keepsHalf));
    }

    private long Estimate(int? side, int batch, ScalarType type, MemoryChoice choice = default)
    {
        folder.Write("unet/config.json", StableDiffusion1);
        folder.Write("vae/config.json", """{"block_out_channels": [32, 32, 32, 32]}""");
        WriteWeights("unet/diffusion_pytorch_model.safetensors", 2);
        WriteWeights("text_encoder/model.safetensors", 1);
        return TrainingMemory.Estimate(new ModelFolder(folder.Path), side, batch, type, choice);
    }

    private void WriteWeights(string name, int elements)
    {
        using var tensor = zeros(elements);
        folder.Write(name, "");
        SafetensorsFile.Write(
            folder.File(name),
            new Dictionary<string, Tensor> { ["w"] = tensor },
            new Dictionary<string, string>(),
            overwrite: true
        );
    }
}
