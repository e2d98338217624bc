using TextualInversion.Checkpoints;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Terminal;
using TextualInversion.Generation;
using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.Generate;

public sealed class BatchMemoryProbeTests
{
    private const long Plenty = 1L << 50;

    private static readonly ModelFolder Demo = new(Goldens.Sample("demo-model"));
    private static readonly Device Gpu = new(TorchSharp.DeviceType.CUDA, 0); // only named, never used
    private static readonly GenerationSettings Options = new()
    {
        Prompt = "a cat",
        Sampler = SamplerKind.Ddim,
        Steps = 1,
        Guidance = 4,
        Width = 128,
        Height = 128,
    };

    [Fact]
    public void Batch_Auto_IsOneOnTheCpuAndAsManyAsFitOnAGpu()
    {
        Assert.Equal(1, Batch(CPU, Plenty, images: 100).Batch);
        Assert.Equal(BatchMemoryProbe.MostAtOnce, Batch(Gpu, Plenty, images: 100).Batch);
        Assert.Equal(3, Batch(Gpu, Plenty, images: 3).Batch);
        var estimate = Memory(ScalarType.Float32).Estimate(Options, 1);
        Assert.Equal(1, Batch(Gpu, estimate, images: 100).Batch); // a tenth is kept free
        Assert.NotEqual(1, Batch(Gpu, estimate * 5 / 4, images: 100).Batch);
    }

    [Fact]
    public void Batch_Asked_IsThatEvenWhereItDoesNotFit() =>
        Assert.Equal(6, Batch(CPU, 1, images: 100, asked: 6).Batch);

    [Fact]
    public void Batch_NotEnoughForOne_WarnsWithBothNumbers()
    {
        var (batch, said) = Batch(Gpu, 100_000_000, images: 2);

        Assert.Equal(1, batch);
        Assert.Matches(
            @"^warning: an image of 128 x 128 takes about \d+\.\d MB of memory with this model, "
                + @"and 100\.0 MB are free;",
            said
        );
        Assert.Contains("--precision bf16", said, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "--precision",
            Batch(Gpu, 1000, images: 1, type: ScalarType.BFloat16).Said,
            StringComparison.Ordinal
        );
        Assert.Equal("", Batch(Gpu, Plenty, images: 2).Said);
    }

    private static GenerationMemory Memory(ScalarType type) => new(Demo, type, keepsHalf: false);

    private static (int Batch, string Said) Batch(
        Device device,
        long free,
        int images,
        int? asked = null,
        ScalarType type = ScalarType.Float32
    )
    {
        using var said = new StringWriter();
        var batch = new BatchMemoryProbe(Memory(type), device, new MemoryBudget(Plenty, free)).Batch(
            ImagePlan.OfPrompts([Options], firstSeed: 1, images),
            asked,
            new ConsoleLog(said, quiet: true)
        );
        return (batch, said.ToString());
    }
}
