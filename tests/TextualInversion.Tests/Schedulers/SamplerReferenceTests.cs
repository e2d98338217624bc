using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>Every trajectory of diffusers in <c>schedulers.safetensors</c> whose scheduler is one of ours, state by state.</summary>
[Trait("Category", Goldens.Category)]
public sealed class SamplerReferenceTests
{
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData(SamplerKind.Ddim)]
    [InlineData(SamplerKind.Pndm)]
    [InlineData(SamplerKind.Euler)]
    [InlineData(SamplerKind.EulerKarras)]
    [InlineData(SamplerKind.EulerAncestral)]
    [InlineData(SamplerKind.DpmSolverMultistep)]
    [InlineData(SamplerKind.DpmSolverMultistepKarras)]
    public void Step_EveryReferenceTrajectory_IsThatOfDiffusers(SamplerKind kind)
    {
        var file = Goldens.Open("schedulers.safetensors");
        var cases = 0;
        foreach (var reference in JsonDocument.Parse(file.Metadata["cases"]).RootElement.EnumerateArray())
        {
            if (ConfigOf(reference) is not { } config || Samplers.OfFolder(config) != kind) continue;
            AssertTrajectory(file, reference, Samplers.Create(kind, config, reference.GetProperty("steps").GetInt32()));
            cases++;
        }

        Assert.NotEqual(0, cases);
    }

    /// <summary>The settings of a case; null for the stochastic DPM-Solver, which is not among our samplers.</summary>
    private static SchedulerConfig? ConfigOf(JsonElement reference)
    {
        var values = reference.GetProperty("config").Deserialize<Dictionary<string, JsonElement>>()!;
        if (values.TryGetValue("algorithm_type", out var algorithm) && algorithm.GetString() != "dpmsolver++") return null;
        values["_class_name"] = reference.GetProperty("cls");
        return SchedulerConfig.Parse(JsonSerializer.Serialize(values), reference.GetProperty("key").GetString()!);
    }

    private static void AssertTrajectory(SafetensorsFile file, JsonElement reference, ISampler sampler)
    {
        using var scope = NewDisposeScope();
        using var run = sampler;
        var key = reference.GetProperty("key").GetString()!;
        var expected = file.Read($"{key}.samples"); // (calls + 1, B, C, h, w)
        Goldens.AssertClose(file.Read($"{key}.timesteps"), tensor(sampler.Timesteps.ToArray()), 1e-6, $"{key} timesteps");
        Assert.Equal(reference.GetProperty("init_noise_sigma").GetDouble(), sampler.InitNoiseSigma, 1e-5);

        using var initial = new Generator(3ul);
        using var generator = new Generator(4ul);
        var sample = randn(expected.shape[1..], generator: initial) * sampler.InitNoiseSigma;
        for (var i = 0; i < sampler.Timesteps.Count; i++)
        {
            Goldens.AssertClose(expected[i], sample, Tolerance, $"{key} before step {i}");
            var modelOutput = (sampler.ScaleModelInput(sample, i) * 0.4) + (0.1 * Math.Sin(0.01 * sampler.Timesteps[i]));
            sample = sampler.Step(modelOutput, i, sample, generator);
        }

        Goldens.AssertClose(expected[-1], sample, Tolerance, $"{key} at the end");
    }
}
