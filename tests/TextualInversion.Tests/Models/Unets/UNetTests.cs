using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Models.Unets;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Unets;

[Trait("Category", Goldens.Category)]
public sealed class UNetTests
{
    public static TheoryData<string> Names => GoldenModel.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_GoldenLatents_EqualsDiffusersWithItsGradient(string name)
    {
        using var scope = NewDisposeScope();
        var golden = new GoldenModel(name).Numbers;
        using var unet = new GoldenModel(name).UNet();
        var states = golden.Read("unet.encoder_hidden_states").clone().requires_grad_(true);

        var prediction = unet.Forward(
            golden.Read("unet.sample"),
            golden.Read("unet.timesteps"),
            Conditioning(golden, states)
        );
        (prediction * golden.Read("unet.cotangent")).sum().backward();

        Goldens.AssertClose(golden.Read("unet.out"), prediction, 1e-4, "prediction");
        Goldens.AssertClose(golden.Read("unet.grad_encoder_hidden_states"), states.grad!, 1e-4, "gradient");
    }

    [Fact]
    public void Forward_FirstBlockWithoutAttention_HasTheSameGradientWithCheckpoints() =>
        Assert.Equal(PromptGradient(gradientCheckpointing: false), PromptGradient(gradientCheckpointing: true));

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_OddSize_EqualsDiffusers(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var golden = new GoldenModel(name).Numbers;
        using var unet = new GoldenModel(name).UNet();
        var sample = golden.Read("unet.sample_odd");
        var states = golden.Read("unet.encoder_hidden_states").narrow(0, 0, sample.shape[0]);

        var prediction = unet.Forward(
            sample,
            full(sample.shape[0], 500, ScalarType.Int64),
            Conditioning(golden, states)
        );

        Goldens.AssertClose(golden.Read("unet.out_odd"), prediction, 1e-4, "prediction");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_BFloat16_IsNearAndFloat32(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var golden = new GoldenModel(name).Numbers;
        using var unet = new GoldenModel(name).UNet(ScalarType.BFloat16);

        var prediction = unet.Forward(
            golden.Read("unet.sample"),
            golden.Read("unet.timesteps"),
            Conditioning(golden, golden.Read("unet.encoder_hidden_states"))
        );

        Assert.Equal(ScalarType.Float32, prediction.dtype);
        Goldens.AssertClose(golden.Read("unet.out"), prediction, 0.05, "prediction");
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Forward_HalfThatIsKept_IsTheSameAsWidenedAtOnce(ScalarType half)
    {
        using var folder = new TemporaryFolder();
        var model = new ModelFolder(Goldens.Sample("demo-model"));
        var file = model.Weights("unet");
        var tensors = file.Tensors.Keys.ToDictionary(key => key, key => file.Read(key).to(half));
        SafetensorsFile.Write(folder.File("half"), tensors, new Dictionary<string, string>(), overwrite: true);
        using var widened = Open(keepsHalf: false);
        using var kept = Open(keepsHalf: true);

        Assert.Equal(PromptGradient(widened), PromptGradient(kept));
        Assert.Equal(widened.Hash(), kept.Hash());

        UNet Open(bool keepsHalf) =>
            new(
                model.Config<UNetConfig>("unet"),
                SafetensorsFile.Open(folder.File("half")),
                ScalarType.Float32,
                CPU,
                gradientCheckpointing: true,
                keepsHalf
            );
    }

    /// <summary>
    /// The gradient of a prompt in the demo model, whose first block has no attention, so that its output needs no
    /// gradient.
    /// </summary>
    private static float[] PromptGradient(bool gradientCheckpointing)
    {
        var folder = new ModelFolder(Goldens.Sample("demo-model"));
        using var unet = new UNet(
            folder.Config<UNetConfig>("unet"),
            folder.Weights("unet"),
            ScalarType.Float32,
            CPU,
            gradientCheckpointing
        );
        return PromptGradient(unet);
    }

    private static float[] PromptGradient(UNet unet)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5);
        var latents = randn([1, 4, 8, 8], generator: generator);
        var states = randn([1, 77, 128], generator: generator).requires_grad_(true);
        unet.Backward(unet.Forward(latents, tensor([500L]), new Conditioning(states, null)).sum());
        return states.grad!.data<float>().ToArray();
    }

    /// <summary>The states with Stable Diffusion XL's additional conditioning, for the same number of images.</summary>
    private static Conditioning Conditioning(SafetensorsFile golden, Tensor states) =>
        new(
            states,
            !golden.Tensors.ContainsKey("unet.time_ids")
                ? null
                : new AddedConditioning(
                    golden.Read("unet.text_embeds").narrow(0, 0, states.shape[0]),
                    golden.Read("unet.time_ids").narrow(0, 0, states.shape[0])
                )
        );
}
