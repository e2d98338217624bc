using TextualInversion.Schedulers;

namespace TextualInversion.Tests.Schedulers;

public sealed class SamplerTests
{
    private static readonly SchedulerConfig Config = new();

    [Theory]
    [InlineData("pndm", "PLMS")]
    [InlineData("PLMS", "PLMS")]
    [InlineData("ddim", "DDIM")]
    [InlineData("Euler", "Euler")]
    [InlineData("euler karras", "Euler Karras")]
    [InlineData("Euler a", "Euler a")]
    [InlineData("euler_a", "Euler a")]
    [InlineData("euler ancestral", "Euler a")]
    [InlineData("EulerAncestralDiscreteScheduler", "Euler a")]
    [InlineData("dpm++ 2m", "DPM++ 2M")]
    [InlineData("dpmpp_2m", "DPM++ 2M")]
    [InlineData("DPM++ 2M Karras", "DPM++ 2M Karras")]
    [InlineData("dpmpp_2m_karras", "DPM++ 2M Karras")]
    [InlineData("DPMSolverMultistepScheduler", "DPM++ 2M")]
    public void Parse_WhatPeopleType_IsFound(string typed, string expected) => Assert.Equal(expected, Sampler.Parse(typed).DisplayName);

    [Fact]
    public void Parse_Misspelt_NamesTheNearestAndAll()
    {
        var error = Assert.Throws<TextualInversionException>(() => Sampler.Parse("eular a"));

        Assert.Contains("did you mean \"euler a\"?", error.Message);
        Assert.All(Sampler.All, sampler => Assert.Contains(sampler.DisplayName.ToLowerInvariant(), error.Message));
    }

    [Fact]
    public void OwnOf_KarrasInTheConfig_IsTheKarrasOne() =>
        Assert.Equal("DPM++ 2M Karras", Sampler.OwnOf(Config with { ClassName = "DPMSolverMultistepScheduler", UseKarrasSigmas = true }).DisplayName);

    [Fact]
    public void OwnOf_UnknownClass_SaysWhatToChoose() =>
        Assert.Contains("--sampler", Assert.Throws<TextualInversionException>(() => Sampler.OwnOf(Config with { ClassName = "HeunDiscreteScheduler" })).Message);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1001)]
    public void Create_StepsOutOfRange_SaysTheRange(int steps) => Assert.All(Sampler.All, sampler =>
        Assert.Contains("from 1 to 1000", Assert.Throws<TextualInversionException>(() => sampler.Create(Config, steps)).Message));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void Create_FewestAndMostSteps_TimestepsAreOfTheTraining(int steps) => Assert.All(Sampler.All, sampler =>
    {
        using var run = sampler.Create(Config, steps);
        Assert.InRange(run.Timesteps.Count, steps, steps + 1);
        Assert.All(run.Timesteps, timestep => Assert.InRange(timestep, 0, 999));
    });

    [Fact]
    public void Create_KindsNotSupported_SaySo()
    {
        Assert.Contains("skip_prk_steps", Assert.Throws<TextualInversionException>(() => new PndmScheduler(Config with { SkipPrkSteps = false }, 5)).Message);
        Assert.Contains("sde-dpmsolver++", Assert.Throws<TextualInversionException>(() => new DpmSolverMultistepScheduler(Config with { AlgorithmType = "sde-dpmsolver++" }, 5)).Message);
        Assert.Contains("order 3", Assert.Throws<TextualInversionException>(() => new DpmSolverMultistepScheduler(Config with { SolverOrder = 3 }, 5)).Message);
    }

    [Theory]
    [InlineData("""{"prediction_type": "sample"}""", "prediction_type")]
    [InlineData("""{"beta_schedule": "sigmoid"}""", "beta_schedule")]
    [InlineData("""{"beta_start": "x"}""", "beta_start")]
    [InlineData("""{"trained_betas": [0.1]}""", "trained_betas")]
    [InlineData("{", "scheduler_config.json")]
    public void Config_NotSupported_NamesTheFileAndTheKey(string json, string expected)
    {
        var error = Assert.Throws<TextualInversionException>(() => SchedulerConfig.Parse(json, "scheduler_config.json"));

        Assert.StartsWith("scheduler_config.json: ", error.Message);
        Assert.Contains(expected, error.Message);
    }
}
