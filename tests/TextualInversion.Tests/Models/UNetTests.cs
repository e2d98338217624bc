using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models;

[Trait("Category", Goldens.Category)]
public sealed class UNetTests
{
    [Fact]
    public void Forward_GoldenLatents_EqualsDiffusersWithItsGradient()
    {
        using var scope = NewDisposeScope();
        var golden = Goldens.Open("sd1.safetensors");
        using var unet = GoldenModel.UNet();
        var states = golden.Read("unet.encoder_hidden_states").clone().requires_grad_(true);

        var prediction = unet.Forward(golden.Read("unet.sample"), golden.Read("unet.timesteps"), states);
        (prediction * golden.Read("unet.cotangent")).sum().backward();

        Goldens.AssertClose(golden.Read("unet.out"), prediction, 1e-4, "prediction");
        Goldens.AssertClose(golden.Read("unet.grad_encoder_hidden_states"), states.grad!, 1e-4, "gradient");
    }

    [Fact]
    public void Forward_OddSize_EqualsDiffusers()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var golden = Goldens.Open("sd1.safetensors");
        using var unet = GoldenModel.UNet();
        var sample = golden.Read("unet.sample_odd");
        var states = golden.Read("unet.encoder_hidden_states").narrow(0, 0, sample.shape[0]);

        var prediction = unet.Forward(sample, full(sample.shape[0], 500, ScalarType.Int64), states);

        Goldens.AssertClose(golden.Read("unet.out_odd"), prediction, 1e-4, "prediction");
    }

    [Fact]
    public void Forward_BFloat16_IsNearAndFloat32()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var golden = Goldens.Open("sd1.safetensors");
        using var unet = GoldenModel.UNet(ScalarType.BFloat16);

        var prediction = unet.Forward(golden.Read("unet.sample"), golden.Read("unet.timesteps"), golden.Read("unet.encoder_hidden_states"));

        Assert.Equal(ScalarType.Float32, prediction.dtype);
        Goldens.AssertClose(golden.Read("unet.out"), prediction, 0.05, "prediction");
    }
}
