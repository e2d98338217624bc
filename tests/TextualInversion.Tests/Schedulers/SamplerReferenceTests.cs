using System.Text.Json;
using TextualInversion.Schedulers;
using TextualInversion.Tensors;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>Every trajectory of diffusers in <c>schedulers.safetensors</c>, state by state.</summary>
[Trait("Category", Goldens.Category)]
public sealed class SamplerReferenceTests
{
    private const double Tolerance = 1e-4;

    /// <summary>The names of samplers in the file, each with several trajectories.</summary>
    public static TheoryData<string> Names =>
        [.. Cases().Select(reference => reference.GetProperty("name").GetString()!).Distinct()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_EveryReferenceTrajectory_IsThatOfDiffusers(string name)
    {
        var file = Goldens.Open("schedulers.safetensors");
        foreach (var reference in Cases().Where(reference => reference.GetProperty("name").GetString() == name))
        {
            var config = ConfigOf(reference);
            var kind = Assert.NotNull(Samplers.OfFolder(config));
            AssertTrajectory(file, reference, Samplers.Create(kind, config, reference.GetProperty("steps").GetInt32()));
        }
    }

    private static JsonElement[] Cases() =>
        [.. JsonDocument.Parse(Goldens.Open("schedulers.safetensors").Metadata["cases"]).RootElement.EnumerateArray()];

    private static SchedulerConfig ConfigOf(JsonElement reference)
    {
        var values = reference.GetProperty("config").Deserialize<Dictionary<string, JsonElement>>()!;
        values["_class_name"] = reference.GetProperty("cls");
        return SchedulerConfig.Parse(JsonSerializer.Serialize(values), reference.GetProperty("key").GetString()!);
    }

    private static void AssertTrajectory(SafetensorsFile file, JsonElement reference, ISampler sampler)
    {
        using var scope = NewDisposeScope();
        using var run = sampler;
        var key = reference.GetProperty("key").GetString()!;
        var expected = file.Read($"{key}.samples"); // (calls + 1, B, C, h, w)
        Goldens.AssertClose(
            file.Read($"{key}.timesteps"),
            tensor(sampler.Timesteps.ToArray()),
            1e-6,
            $"{key} timesteps"
        );
        var initNoiseSigma = reference.GetProperty("init_noise_sigma").GetDouble();
        Assert.Equal(initNoiseSigma, sampler.InitNoiseSigma, 1e-6 * initNoiseSigma);

        using var initial = new Generator(3ul);
        using var generator = new Generator(4ul);
        var sample = randn(expected.shape[1..], generator: initial) * sampler.InitNoiseSigma;
        for (var i = 0; i < sampler.Timesteps.Count; i++)
        {
            Goldens.AssertClose(expected[i], sample, Tolerance, $"{key} before step {i}");
            var modelOutput =
                (sampler.ScaleModelInput(sample, i) * 0.4) + (0.1 * Math.Sin(0.01 * sampler.Timesteps[i]));
            sample = sampler.Step(modelOutput, i, sample, generator);
        }

        Goldens.AssertClose(expected[-1], sample, Tolerance, $"{key} at the end");
    }
}
