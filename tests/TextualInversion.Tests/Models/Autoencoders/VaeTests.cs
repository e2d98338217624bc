using System.Globalization;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Models.Autoencoders;

[Trait("Category", Goldens.Category)]
public sealed class VaeTests
{
    public static TheoryData<string> Names => GoldenModel.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_GoldenPixels_EqualsDiffusers(string name)
    {
        using var scope = NewDisposeScope();
        var golden = new GoldenModel(name).Numbers;
        var scalingFactor = double.Parse(golden.Metadata["scaling_factor"], CultureInfo.InvariantCulture);
        using var encoder = new GoldenModel(name).VaeEncoder();

        using var distribution = encoder.Encode(golden.Read("vae.pixels"));

        Goldens.AssertClose(golden.Read("vae.mean") * scalingFactor, distribution.Mean, 1e-4, "mean");
        Goldens.AssertClose(golden.Read("vae.std") * scalingFactor, distribution.Std, 1e-4, "std");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_GoldenLatents_EqualsDiffusers(string name)
    {
        using var scope = NewDisposeScope();
        var golden = new GoldenModel(name).Numbers;
        var scalingFactor = double.Parse(golden.Metadata["scaling_factor"], CultureInfo.InvariantCulture);
        using var decoder = new GoldenModel(name).VaeDecoder();

        var pixels = decoder.Decode(golden.Read("vae.latents") * scalingFactor);

        Goldens.AssertClose(golden.Read("vae.decoded"), pixels, 1e-4, "pixels");
    }
}
