using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tests.Fixtures;

namespace TextualInversion.Tests.Checkpoints.SingleFile;

public sealed class LdmUNetInverseTests
{
    [Theory]
    [InlineData("sd1-original.safetensors")]
    [InlineData("sd2-original.safetensors")]
    [InlineData("sdxl-original.safetensors")]
    public void Names_EveryLayer_IsTheFilesOwnName(string checkpoint)
    {
        var ldm = Goldens
            .Open(Path.Combine("models", checkpoint))
            .Tensors.Where(tensor => tensor.Value.Shape.Length > 1)
            .Select(tensor => tensor.Key)
            .Where(key => key.StartsWith(LdmUNet.Prefix, StringComparison.Ordinal))
            .Select(key => key[LdmUNet.Prefix.Length..])
            .ToList();
        var toDiffusers = LdmUNet.Names(ldm);
        var layers = ldm.ToDictionary(key => Layer(toDiffusers(key)), Layer);

        var toLdm = LdmUNetInverse.Names(layers.Keys);

        Assert.NotEmpty(layers);
        Assert.All(layers, pair => Assert.Equal(pair.Value, toLdm(pair.Key)));
    }

    private static string Layer(string key) => key[..key.LastIndexOf('.')];
}
