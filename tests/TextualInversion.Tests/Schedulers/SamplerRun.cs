using TextualInversion.Native;
using TextualInversion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>Runs samplers on a model that is a formula.</summary>
internal static class SamplerRun
{
    public const string Unclipped = "\"clip_sample\": false";

    private const string StableDiffusion =
        "\"beta_start\": 0.00085, \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\", \"skip_prk_steps\": true";

    /// <summary>The schedule of Stable Diffusion with a setting.</summary>
    public static SchedulerConfig Config(string settings = Unclipped) =>
        SchedulerConfig.Parse($"{{ {StableDiffusion}, {settings} }}", "a.json");

    /// <summary>A whole run from ones, with the model 0.4 x + 0.1 sin(0.01 t) and the generator seed 4.</summary>
    public static Tensor Run(ISampler sampler) => Run(sampler, ones(1, 1, 1, 1) * sampler.InitNoiseSigma, begin: 0);

    /// <summary>The same from a sample at a call.</summary>
    public static Tensor Run(ISampler sampler, Tensor sample, int begin)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4ul);
        for (var i = begin; i < sampler.Timesteps.Count; i++)
        {
            using var step = NewDisposeScope();
            using Scalar offset = 0.1 * Math.Sin(0.01 * sampler.Timesteps[i]);
            var modelOutput = sampler.ScaleModelInput(sample, i).Times(0.4).add(offset);
            sample = sampler.Step(modelOutput, i, sample, generator).MoveToOuterDisposeScope();
        }

        return sample.MoveToOuterDisposeScope();
    }
}
