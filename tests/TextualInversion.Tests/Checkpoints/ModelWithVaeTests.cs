using TextualInversion.Checkpoints;
using TextualInversion.Models.Autoencoders;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Checkpoints;

public sealed class ModelWithVaeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static ModelFolder Sd1 => new(Goldens.Path("models", "sd1"));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("sd1")]
    [InlineData("sd1/vae")]
    [InlineData("sd1/vae/diffusion_pytorch_model.safetensors")]
    [InlineData("sd1-original.ckpt")]
    [Trait("Category", Goldens.Category)]
    public void Weights_FromWhereverTheVaeLies_AreTheSame(string place)
    {
        using var scope = NewDisposeScope();
        var model = new ModelWithVae(Sd1, Goldens.Path(["models", .. place.Split('/')]));
        using var expected = new VaeEncoder(Sd1.Config<VaeConfig>("vae"), Sd1.Weights("vae"), CPU);
        using var actual = new VaeEncoder(model.Config<VaeConfig>("vae"), model.Weights("vae"), CPU);
        Assert.Equal(expected.Hash(), actual.Hash());
        Assert.Equal(Sd1.Config<VaeConfig>("vae").ScalingFactor, model.Config<VaeConfig>("vae").ScalingFactor);
        Assert.Equal(Sd1.Config<VaeConfig>("vae").NormNumGroups, model.Config<VaeConfig>("vae").NormNumGroups);
    }

    /// <summary>
    /// As vae-ft-mse-840000-ema-pruned is published: LDM's names without a prefix, and leftovers of the training.
    /// </summary>
    [Fact]
    public void Weights_OfAVaeAlone_HaveDiffusersNames()
    {
        using var scope = NewDisposeScope();
        var checkpoint = TensorFile.Open(Goldens.Path("models", "sd1-original.safetensors"));
        const string Prefix = "first_stage_model.";
        var tensors = checkpoint
            .Tensors.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(name => name[Prefix.Length..], name => checkpoint.Read(name));
        tensors.Add("loss.logvar", zeros(1));
        tensors.Add("model_ema.decay", zeros(1));
        SafetensorsFile.Write(folder.File("vae.pt"), tensors, new Dictionary<string, string>(), overwrite: false);
        var model = new ModelWithVae(Sd1, folder.File("vae.pt"));
        Assert.Equal(
            new ModelWithVae(Sd1, Goldens.Path("models", "sd1-original.safetensors"))
                .Weights("vae")
                .Tensors.Keys.Order(StringComparer.Ordinal),
            model.Weights("vae").Tensors.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(Sd1.Config<VaeConfig>("vae").BlockOutChannels, model.Config<VaeConfig>("vae").BlockOutChannels);
    }

    [Fact]
    public void OtherParts_AreTheModels()
    {
        var model = new ModelWithVae(Sd1, Goldens.Path("models", "sd1", "vae"));
        Assert.Equal(
            (Sd1.Path, Sd1.Family, Sd1.TokenizerFolder("tokenizer")),
            (model.Path, model.Family, model.TokenizerFolder("tokenizer"))
        );
        Assert.Equal(Sd1.Weights("unet").FilePath, model.Weights("unet").FilePath);
        Assert.Equal(
            Sd1.ReadText("scheduler/scheduler_config.json"),
            model.ReadText("scheduler/scheduler_config.json")
        );
        Assert.Equal(Sd1.Config<UNetConfig>("unet").SampleSize, model.Config<UNetConfig>("unet").SampleSize);
        Assert.True(model.Has("unet/config.json") && model.Has("vae/config.json") && !model.Has("other.json"));
        Assert.Equal(
            (Goldens.Path("models", "sd1", "vae", "config.json"), Sd1.DisplayPath("unet")),
            (model.DisplayPath("vae/config.json"), model.DisplayPath("unet"))
        );
    }

    [Fact]
    public void Constructor_NoVae_SaysSo()
    {
        SafetensorsFile.Write(
            folder.File("lora.safetensors"),
            new Dictionary<string, Tensor> { ["a"] = zeros(1) },
            new Dictionary<string, string>(),
            overwrite: false
        );
        AssertError(
            $"{folder.File("lora.safetensors")}: holds no VAE of Stable Diffusion; "
                + "name another file or folder, or use the model's own VAE.",
            folder.File("lora.safetensors")
        );
        AssertError($"{folder.File("diffusion_pytorch_model.safetensors")}: is missing", folder.Path);
        AssertError($"{folder.File("missing")}: cannot be read (", folder.File("missing"));
    }

    private static void AssertError(string start, string vae) =>
        Assert.StartsWith(
            start,
            Assert.Throws<TextualInversionException>(() => new ModelWithVae(Sd1, vae)).Message,
            StringComparison.Ordinal
        );
}
