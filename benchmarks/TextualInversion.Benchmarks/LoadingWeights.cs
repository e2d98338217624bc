using BenchmarkDotNet.Attributes;
using TextualInversion.Checkpoints;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Benchmarks;

/// <summary>Reading 64 MiB of weights in half precision from a safetensors file, and their hash of run.json.</summary>
[InProcess]
public class LoadingWeights
{
    private const int Matrices = 32;
    private static readonly long[] Shape = [1024, 1024];

    private readonly string path = Path.Combine(Path.GetTempPath(), $"ti-benchmark-{Guid.NewGuid():N}.safetensors");
    private WeightStore? loaded;

    [GlobalSetup]
    public void Write()
    {
        using var scope = NewDisposeScope();
        var names = Enumerable.Range(0, Matrices).Select(number => $"{number}.weight");
        var tensors = names.ToDictionary(name => name, _ => randn(Shape).to(ScalarType.Float16));
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>(), overwrite: false);
        loaded = Load(keepsHalf: false);
    }

    [Benchmark]
    public void Widened() => Load(keepsHalf: false).Dispose();

    [Benchmark]
    public void Mapped() => Load(keepsHalf: true).Dispose();

    [Benchmark]
    public string Hash() => loaded!.Hash();

    [GlobalCleanup]
    public void Delete()
    {
        loaded?.Dispose();
        File.Delete(path);
    }

    private WeightStore Load(bool keepsHalf)
    {
        var store = new WeightStore(SafetensorsFile.Open(path), ScalarType.Float32, CPU, name => name, keepsHalf);
        for (var number = 0; number < Matrices; number++)
            (store.Root / number).Take("weight", Shape);
        return store;
    }
}
