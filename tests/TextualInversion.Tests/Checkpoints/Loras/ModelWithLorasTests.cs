using TextualInversion.Checkpoints.Loras;
using TextualInversion.Models;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints.Loras;

/// <summary>Taking LoRAs and taking them off, on networks that are loaded.</summary>
public sealed class ModelWithLorasTests
{
    private static readonly Lora Kohya = new(LoraFixture.Path("sd1-kohya")),
        Locon = new(LoraFixture.Path("sd1-locon"), 0.5);

    private static readonly ModelPart[] Changed = [ModelPart.TextEncoder, ModelPart.UNet];

    public static TheoryData<ScalarType> Types => [ScalarType.Float32, ScalarType.BFloat16];

    [Theory]
    [MemberData(nameof(Types))]
    public void Use_LoadedNetworks_ChangeAsIfLoadedWithThem(ScalarType type)
    {
        var files = new ModelWithLoras(new GoldenModel("sd1").Folder);
        using var model = DiffusionModel.Open(files, CPU, type);
        var without = Hashes(model);

        files.Use([Kohya, Locon]);
        var with = Hashes(model);
        files.Use([Locon]);
        var other = Hashes(model);
        files.Use([]);

        Assert.Equal(without, Hashes(model));
        Assert.Equal(with, HashesOf(type, Kohya, Locon));
        Assert.Equal(other, HashesOf(type, Locon));
        Assert.NotEqual(without[1], with[1]);
        Assert.NotEqual(without[0], with[0]);
        Assert.Equal(without[0], other[0]); // it changes the U-Net alone
    }

    /// <summary>The last convolution pads its channels in bfloat16; the padded copy has to follow.</summary>
    [Fact]
    public void Use_AfterAForwardPassInBFloat16_TheNextPassIsThatOfTheLoraAlone()
    {
        var files = new ModelWithLoras(new GoldenModel("sd1").Folder);
        var lora = new Lora(LoraFixture.Path("sd1-conv-out"));
        using var model = DiffusionModel.Open(files, CPU, ScalarType.BFloat16);
        var without = Predict(model);

        files.Use([lora]);
        var with = Predict(model);
        files.Use([]);

        Assert.Equal(without, Predict(model));
        Assert.NotEqual(without, with);
        using var fresh = DiffusionModel.Open(
            ModelWithLoras.Of(new GoldenModel("sd1").Folder, [lora]),
            CPU,
            ScalarType.BFloat16
        );
        Assert.Equal(with, Predict(fresh));
    }

    [Fact]
    public void Use_StrengthZero_ChangesNothing() =>
        Assert.Equal(
            HashesOf(ScalarType.Float32),
            HashesOf(ScalarType.Float32, Kohya with { Strength = 0, TextStrength = 0 })
        );

    [Fact]
    public void Use_StrengthOfThePartsAlone_ChangesThatPartAlone()
    {
        var without = HashesOf(ScalarType.Float32);
        var unet = HashesOf(ScalarType.Float32, Kohya with { TextStrength = 0 });
        var text = HashesOf(ScalarType.Float32, new Lora(Kohya.Path, 0) { TextStrength = 1 });
        Assert.Equal(without[0], unet[0]);
        Assert.NotEqual(without[1], unet[1]);
        Assert.NotEqual(without[0], text[0]);
        Assert.Equal(without[1], text[1]);
    }

    [Fact]
    public void Use_LoraThatDoesNotFit_IsRefusedAndNothingChanges()
    {
        var files = new ModelWithLoras(new GoldenModel("sd1").Folder);
        files.Use([Locon]);
        using var model = DiffusionModel.Open(files, CPU, ScalarType.Float32);
        var before = Hashes(model);

        Assert.Throws<TextualInversionException>(() => files.Use([Kohya, new Lora(LoraFixture.Path("sdxl-peft"))]));

        Assert.Equal([Locon], files.Loras);
        Assert.Equal(before, Hashes(model));
    }

    private static string[] HashesOf(ScalarType type, params Lora[] loras)
    {
        using var model = DiffusionModel.Open(ModelWithLoras.Of(new GoldenModel("sd1").Folder, loras), CPU, type);
        return Hashes(model);
    }

    private static string[] Hashes(IDiffusionModel model) => [.. Changed.Select(model.Hash)];

    private static float[] Predict(IDiffusionModel model)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var latents = randn([1, 4, 8, 8], generator: generator);
        var conditioning = new Conditioning(randn([1, 77, 32], generator: generator));
        return model.PredictNoise(latents, tensor(new[] { 500f }), conditioning).data<float>().ToArray();
    }
}
