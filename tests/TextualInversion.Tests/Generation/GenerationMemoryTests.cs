using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Generation;

public sealed class GenerationMemoryTests : IDisposable
{
    private const string StableDiffusion1 = """
        {"block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 768, "layers_per_block": 2,
         "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
         "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
        """;

    private static readonly GenerationSettings Unguided = new()
    {
        Prompt = "",
        Sampler = SamplerKind.Ddim,
        Steps = 1,
        Guidance = 1,
        Width = 512,
        Height = 512,
    };
    private static readonly GenerationSettings Guided = Unguided with { Guidance = 7.5 };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>
    /// Measured peaks of the process beyond the 4.13 GB of weights, on a CPU; decoding is the peak of one image.
    /// </summary>
    [Theory]
    [InlineData(512, 1_600_000_000)]
    [InlineData(768, 3_150_000_000)]
    public void Estimate_StableDiffusion1_IsNearWhatWasMeasured(int side, long measured) =>
        Assert.InRange(
            Of(ScalarType.Float32).Estimate(Guided with { Width = side, Height = side }, 1),
            (long)(0.7 * measured),
            (long)(1.3 * measured)
        );

    /// <summary>
    /// Measured in the same way at the end of a guided step, beyond the weights: 0.80 GB in float32, 0.50 GB in
    /// bfloat16, and 1.53 GB for 768 x 768.
    /// </summary>
    [Theory]
    [InlineData(ScalarType.Float32, 512, 550_000_000)]
    [InlineData(ScalarType.BFloat16, 512, 250_000_000)]
    [InlineData(ScalarType.Float32, 768, 1_270_000_000)]
    public void Estimate_AnotherImage_TakesNearWhatAStepDid(ScalarType type, int side, long measured)
    {
        var options = Guided with { Width = side, Height = side };
        Assert.InRange(
            Of(type).Estimate(options, 41) - Of(type).Estimate(options, 40),
            (long)(0.7 * measured),
            (long)(1.3 * measured)
        );
    }

    [Fact]
    public void Estimate_ManyImages_GrowsByTheStepOfEach()
    {
        var memory = Of(ScalarType.Float32);
        // 4 bytes of (45 activations of the widest level, 320 x 64 x 64; and its skip connections, 3 of each of four
        // levels).
        const long Map = 320 * 64 * 64,
            Step = 4 * (45 * Map + 3 * (Map + Map / 2 + Map / 4 + Map / 16));
        Assert.Equal(Step, memory.Estimate(Unguided, 41) - memory.Estimate(Unguided, 40));
        Assert.Equal(2 * Step, memory.Estimate(Guided, 41) - memory.Estimate(Guided, 40));
        Assert.Equal(
            Step / 2,
            Of(ScalarType.BFloat16).Estimate(Unguided, 41) - Of(ScalarType.BFloat16).Estimate(Unguided, 40)
        );
        Assert.Equal(
            Step * 3 / 2,
            memory.Estimate(Unguided with { Width = 768 }, 41) - memory.Estimate(Unguided with { Width = 768 }, 40)
        );
    }

    [Fact]
    public void Estimate_Weights_AreCountedInTheTypesThatTheyHave()
    {
        var (single, half) = (Of(ScalarType.Float32), Of(ScalarType.BFloat16));
        // Of the U-Net alone, while decoding.
        Assert.Equal(2 * 1000, single.Estimate(Unguided, 1) - half.Estimate(Unguided, 1));
        Assert.Equal(
            4 * 30,
            single.Estimate(Unguided with { Init = new RgbImage([], 0, 0) }, 1) - single.Estimate(Unguided, 1)
        ); // the VAE's encoder
    }

    [Fact]
    public void Estimate_UNetOfAHalfFile_TakesHalfAndTheLayerThatIsWidened()
    {
        const long Layer = 1280 * 1280 * (32 + 22);
        long widened = Of(ScalarType.Float32, ScalarType.Float16).Estimate(Unguided, 1),
            kept = Of(ScalarType.Float32, ScalarType.Float16, keepsHalf: true).Estimate(Unguided, 1);
        Assert.Equal(-2 * 1000 + 4 * Layer, kept - widened);
        Assert.Equal(widened, Of(ScalarType.Float32, keepsHalf: true).Estimate(Unguided, 1)); // of a float32 file
    }

    [Fact]
    public void Estimate_LargeImage_IsDecodedInTiles()
    {
        var memory = Of(ScalarType.Float32);
        Assert.True(
            memory.Estimate(Unguided with { Width = 1032, Height = 1024 }, 1)
                < memory.Estimate(Unguided with { Width = 1024, Height = 1024 }, 1)
        );
    }

    [Fact]
    public void LargestBatch_OfWhatFits_IsTheLargest()
    {
        var memory = Of(ScalarType.Float32);
        long ten = memory.Estimate(Guided, 10),
            eleven = memory.Estimate(Guided, 11);
        Assert.True(eleven > ten);
        Assert.Equal(10, memory.LargestBatch(Guided, ten, most: 20));
        Assert.Equal(10, memory.LargestBatch(Guided, eleven - 1, most: 20));
        Assert.Equal(11, memory.LargestBatch(Guided, eleven, most: 20));
        Assert.Equal(8, memory.LargestBatch(Guided, eleven, most: 8));
        Assert.Equal(1, memory.LargestBatch(Guided, 0, most: 8));
    }

    private GenerationMemory Of(ScalarType type, ScalarType unet = ScalarType.Float32, bool keepsHalf = false)
    {
        folder.Write("unet/config.json", StableDiffusion1);
        folder.Write("vae/config.json", """{"block_out_channels": [128, 256, 512, 512]}""");
        WriteWeights("unet/diffusion_pytorch_model.safetensors", unet, ("w", 1000));
        WriteWeights(
            "vae/diffusion_pytorch_model.safetensors",
            ScalarType.Float32,
            ("decoder.w", 20),
            ("encoder.w", 30)
        );
        WriteWeights("text_encoder/model.safetensors", ScalarType.Float32, ("w", 10));
        return new GenerationMemory(new ModelFolder(folder.Path), type, keepsHalf);
    }

    private void WriteWeights(string name, ScalarType type, params (string Name, int Elements)[] parts)
    {
        using var scope = NewDisposeScope();
        folder.Write(name, "");
        SafetensorsFile.Write(
            folder.File(name),
            parts.ToDictionary(part => part.Name, part => zeros(part.Elements, type)),
            new Dictionary<string, string>(),
            overwrite: true
        );
    }
}
