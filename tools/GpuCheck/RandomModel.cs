using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.SingleFile;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.GpuCheck;

/// <summary>
/// Models of the size of published ones with random weights, which exist in memory only. They take the time and the
/// memory of the real ones.
/// </summary>
internal static class RandomModel
{
    private const double Spread = 0.02; // keeps the activations of float16 finite

    /// <param name="model">sd15 or sdxl.</param>
    public static IModelFiles Create(string model)
    {
        var version = model == "sdxl" ? ModelVersion.StableDiffusionXl : ModelVersion.StableDiffusion1;
        var shapes = PublishedModels.Tensors(version, PublishedModels.Configs(version));
        var byName = shapes.ToDictionary(tensor => tensor.Name, tensor => tensor.Shape);
        var noise = Noise(byName.Values.Max(Elements));
        var file = new ShapesOnly(shapes, Read);
        var tokenizer = Path.Combine(CheckOptions.Repository, "samples", "demo-model", "tokenizer");
        return new SingleFileModel(
            new LdmCheckpoint(file),
            new Dictionary<string, string> { ["tokenizer"] = tokenizer, ["tokenizer_2"] = tokenizer },
            "epsilon"
        );

        Tensor Read(string name)
        {
            var shape = byName[name];
            if (shape.Length > 1)
                return noise.narrow(0, 0, Elements(shape)).view(shape);
            var isWeight = name.EndsWith("weight", StringComparison.Ordinal); // of a norm
            return isWeight ? ones(shape, dtype: ScalarType.Float16) : zeros(shape, dtype: ScalarType.Float16);
        }
    }

    private static Tensor Noise(long count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        return (randn(count, generator: generator) * Spread).to(ScalarType.Float16).DetachFromDisposeScope();
    }

    private static long Elements(long[] shape) => shape.Aggregate(1L, (product, length) => product * length);
}
