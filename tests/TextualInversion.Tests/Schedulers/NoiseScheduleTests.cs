using System.Text.Json;
using TextualInversion.Checkpoints;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

[Trait("Category", Goldens.Category)]
public sealed class NoiseScheduleTests
{
    private static readonly SafetensorsFile Golden = Goldens.Open("schedulers.safetensors");

    /// <summary>The betas of the goldens' first case, which all their cases share.</summary>
    private static SchedulerConfig Config
    {
        get
        {
            using var json = JsonDocument.Parse(Golden.Metadata["cases"]);
            return SchedulerConfig.Parse(json.RootElement[0].GetProperty("config").GetRawText(), "schedulers.safetensors");
        }
    }

    [Fact]
    public void AlphasCumprod_EverySchedule_EqualsDiffusers()
    {
        AssertAlphas("alphas_cumprod", Config);
        AssertAlphas("alphas_cumprod_linear", new SchedulerConfig());
        AssertAlphas("alphas_cumprod_squaredcos_cap_v2", Config with { BetaSchedule = BetaSchedule.SquaredCosine });
        AssertAlphas("alphas_cumprod_zero_snr", Config with { RescaleBetasZeroSnr = true });
    }

    [Fact]
    public void AddNoise_GoldenTimesteps_EqualsDiffusers()
    {
        using var scope = NewDisposeScope();
        var timesteps = Golden.Read("add_noise.timesteps").data<long>().ToArray();
        Tensor latents = Golden.Read("add_noise.x"), noise = Golden.Read("add_noise.noise");

        Goldens.AssertClose(Golden.Read("add_noise.noisy"), new NoiseSchedule(Config).AddNoise(latents, noise, timesteps), 1e-6, "noisy");
        Goldens.AssertClose(noise, new NoiseSchedule(Config).Target(latents, noise, timesteps), 0, "epsilon");
        var velocity = new NoiseSchedule(Config with { PredictionType = PredictionType.VPrediction }).Target(latents, noise, timesteps);
        Goldens.AssertClose(Golden.Read("add_noise.velocity"), velocity, 1e-6, "velocity");
    }

    private static void AssertAlphas(string name, SchedulerConfig config)
    {
        using var scope = NewDisposeScope();
        Goldens.AssertClose(Golden.Read(name), tensor(new NoiseSchedule(config).AlphasCumprod.ToArray()), 1e-6, name);
    }
}
