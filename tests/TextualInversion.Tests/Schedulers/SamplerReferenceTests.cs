using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>The trajectories of diffusers' schedulers over a made-up model; what is what is said in the goldens' note.</summary>
[Trait("Category", Goldens.Category)]
public sealed class SamplerReferenceTests
{
    private const double Tolerance = 1e-4;

    private static readonly SafetensorsFile Golden = Goldens.Open("schedulers.safetensors");

    [Theory]
    [InlineData("PNDMScheduler")]
    [InlineData("DDIMScheduler")]
    [InlineData("EulerDiscreteScheduler")]
    [InlineData("EulerAncestralDiscreteScheduler")]
    [InlineData("DPMSolverMultistepScheduler")]
    public void Step_EveryGoldenCaseOfTheClass_EqualsDiffusers(string className)
    {
        var cases = Cases(className).ToList();
        Assert.NotEmpty(cases);
        foreach (var item in cases) Follow(item);
    }

    private static IEnumerable<(string Key, SchedulerConfig Config, int Steps, double InitNoiseSigma)> Cases(string className)
    {
        using var json = JsonDocument.Parse(Golden.Metadata["cases"]);
        foreach (var item in json.RootElement.EnumerateArray())
        {
            var config = item.GetProperty("config");
            // The stochastic and other DPM-Solvers are samplers of their own.
            if (item.GetProperty("cls").GetString() != className || (config.TryGetProperty("algorithm_type", out var algorithm) && algorithm.GetString() != "dpmsolver++")) continue;
            var parsed = SchedulerConfig.Parse(config.GetRawText(), "schedulers.safetensors") with { ClassName = className };
            yield return (item.GetProperty("key").GetString()!, parsed, item.GetProperty("steps").GetInt32(), item.GetProperty("init_noise_sigma").GetDouble());
        }
    }

    private static void Follow((string Key, SchedulerConfig Config, int Steps, double InitNoiseSigma) item)
    {
        using var scope = NewDisposeScope();
        var samples = Golden.Read($"{item.Key}.samples");
        using var sampler = Sampler.OwnOf(item.Config).Create(item.Config, item.Steps);
        Goldens.AssertClose(Golden.Read($"{item.Key}.timesteps"), tensor(sampler.Timesteps.ToArray()), Tolerance, $"{item.Key} timesteps");
        Assert.Equal(item.InitNoiseSigma, sampler.InitNoiseSigma, Tolerance * item.InitNoiseSigma);

        var sample = samples[0].clone();
        Goldens.AssertClose(randn(sample.shape, generator: new Generator(3)) * item.InitNoiseSigma, sample, Tolerance, $"{item.Key} start");
        using var generator = new Generator(4);
        for (var i = 0; i < sampler.Timesteps.Count; i++)
        {
            var prediction = 0.4 * sampler.ScaleModelInput(sample, i) + 0.1 * Math.Sin(0.01 * sampler.Timesteps[i]);
            sample = sampler.Step(prediction, i, sample, () => randn(samples[0].shape, generator: generator));
            Goldens.AssertClose(samples[i + 1], sample, Tolerance, $"{item.Key} after step {i}");
        }

        Assert.Equal(samples.shape[0], sampler.Timesteps.Count + 1);
    }
}
