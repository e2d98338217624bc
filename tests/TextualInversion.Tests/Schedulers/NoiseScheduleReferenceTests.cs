using System.Text.Json;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

[Trait("Category", Goldens.Category)]
public sealed class NoiseScheduleReferenceTests
{
    private const double Tolerance = 1e-6;

    [Theory]
    [InlineData("alphas_cumprod_linear", BetaSchedule.Linear)]
    [InlineData("alphas_cumprod_squaredcos_cap_v2", BetaSchedule.SquaredCosCapV2)]
    internal void AlphasCumprod_DefaultBetas_AreThoseOfDiffusers(string key, BetaSchedule betaSchedule) =>
        AssertAlphasCumprod(key, new SchedulerConfig { BetaSchedule = betaSchedule });

    [Theory]
    [InlineData("alphas_cumprod", false)]
    [InlineData("alphas_cumprod_zero_snr", true)]
    public void AlphasCumprod_BetasOfTheCases_AreThoseOfDiffusers(string key, bool zeroSnr) =>
        AssertAlphasCumprod(key, OfCases() with { RescaleBetasZeroSnr = zeroSnr });

    [Fact]
    public void AddNoiseAndVelocity_BatchOfTimesteps_AreThoseOfDiffusers()
    {
        using var scope = NewDisposeScope();
        var file = Goldens.Open("schedulers.safetensors");
        var schedule = new NoiseSchedule(
            OfCases() with
            {
                NumTrainTimesteps = (int)file.Tensors["alphas_cumprod"].Shape[0],
            }
        );
        Tensor latents = file.Read("add_noise.x"),
            noise = file.Read("add_noise.noise"),
            timesteps = file.Read("add_noise.timesteps");
        Goldens.AssertClose(
            file.Read("add_noise.noisy"),
            schedule.AddNoise(latents, noise, timesteps),
            Tolerance,
            "noisy latents"
        );
        Goldens.AssertClose(
            file.Read("add_noise.velocity"),
            schedule.Velocity(latents, noise, timesteps),
            Tolerance,
            "velocity"
        );
    }

    /// <summary>The betas that all cases of the file share.</summary>
    private static SchedulerConfig OfCases()
    {
        var cases = JsonDocument.Parse(Goldens.Open("schedulers.safetensors").Metadata["cases"]).RootElement;
        return SchedulerConfig.Parse(cases[0].GetProperty("config").GetRawText(), "schedulers.safetensors");
    }

    private static void AssertAlphasCumprod(string key, SchedulerConfig config)
    {
        using var scope = NewDisposeScope();
        var expected = Goldens.Open("schedulers.safetensors").Read(key);
        var schedule = new NoiseSchedule(config with { NumTrainTimesteps = (int)expected.shape[0] });
        Goldens.AssertClose(expected, tensor(schedule.AlphasCumprod.ToArray()), Tolerance, key);
    }
}
