using TextualInversion.Schedulers;
using static TextualInversion.Tests.Schedulers.SamplerRun;

namespace TextualInversion.Tests.Schedulers;

/// <summary>Steps and settings that samplers refuse.</summary>
public sealed class SamplerRefusalTests
{
    public static TheoryData<SamplerKind> Kinds => [.. Enum.GetValues<SamplerKind>()];

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Create_EtaOutOfRange_NamesTheRange(double eta) =>
        Assert.Contains(
            "choose a number from 0, no fresh noise, to 1, that of DDPM.",
            Assert.Throws<TextualInversionException>(() => Samplers.Create(SamplerKind.Ddim, Config(), 5, eta)).Message
        );

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Create_StepsOutOfRange_NamesTheRange(SamplerKind kind)
    {
        foreach (var steps in (int[])[-1, 0, 1001])
        {
            var error = Assert.Throws<TextualInversionException>(() => Samplers.Create(kind, Config(), steps));
            var range =
                kind == SamplerKind.Lcm
                    ? "LCM takes from 1 to 50, of which 4 to 8 suffice."
                    : "choose a number from 1 to 1000.";
            Assert.Equal($"Steps {steps}: {range}", error.Message);
        }
    }

    [Theory]
    [InlineData(
        SamplerKind.Ddim,
        "\"thresholding\": true",
        "a.json: thresholding is true, but the sampler DDIM supports false. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.Euler,
        "\"sigma_min\": 0.1",
        "a.json: sigma_min is 0.1, but the sampler Euler supports no value. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.Euler,
        "\"interpolation_type\": \"log_linear\"",
        "a.json: interpolation_type is log_linear, but the sampler Euler supports linear. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.DpmSolverMultistep,
        "\"algorithm_type\": \"dpmsolver\"",
        "a.json: algorithm_type is dpmsolver, but the sampler DPM++ 2M supports dpmsolver++ or sde-dpmsolver++ "
            + "or deis. "
            + "Choose another sampler."
    )]
    [InlineData(
        SamplerKind.DpmSolverMultistep,
        "\"solver_order\": 4",
        "a.json: solver_order is 4, but the sampler DPM++ 2M supports 1 or 2 or 3. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.DpmSolverMultistepSde,
        "\"solver_order\": 3",
        "a.json: solver_order is 3, but the sampler DPM++ 2M SDE supports 1 or 2. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.DpmSolverSinglestep,
        "\"solver_order\": 3",
        "a.json: solver_order is 3, but the sampler DPM++ 2S supports 2. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.Deis,
        "\"use_flow_sigmas\": true",
        "a.json: use_flow_sigmas is true, but the sampler DEIS supports false. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.UniPc,
        "\"predict_x0\": false",
        "a.json: predict_x0 is false, but the sampler UniPC supports true. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.UniPc,
        "\"disable_corrector\": [0]",
        "a.json: disable_corrector is [0], but the sampler UniPC supports []. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.Heun,
        "\"clip_sample\": true",
        "a.json: clip_sample is true, but the sampler Heun supports false. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.KDpm2Ancestral,
        "\"use_beta_sigmas\": true",
        "a.json: use_beta_sigmas is true, but the sampler DPM2 a supports false. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.Ddpm,
        "\"variance_type\": \"learned_range\"",
        "a.json: variance_type is learned_range, but the sampler DDPM supports fixed_small. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.DpmSolverMultistep,
        "\"lambda_min_clipped\": -5.1",
        "a.json: lambda_min_clipped is -5.1, but the sampler DPM++ 2M supports -Infinity. Choose another sampler."
    )]
    [InlineData(
        SamplerKind.Ddim,
        "\"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\"",
        "a.json: rescale_betas_zero_snr leaves no image at timestep 999, from which DDIM cannot recover one by "
            + "predicting the noise. "
            + "Choose the sampler Euler, or timestep_spacing leading."
    )]
    public void Create_SettingOutsideTheSampler_NamesFileKeyAndValue(
        SamplerKind kind,
        string settings,
        string message
    ) =>
        Assert.Equal(
            message,
            Assert.Throws<TextualInversionException>(() => Samplers.Create(kind, Config(settings), 4)).Message
        );

    [Fact]
    public void Create_PlmsWithRungeKuttaInThreeSteps_IsRefused() =>
        Assert.Equal(
            "3 steps are too few for the sampler PLMS, which begins with three Runge-Kutta steps since a.json "
                + "does not set skip_prk_steps; take at least 4.",
            Assert
                .Throws<TextualInversionException>(() => new PndmScheduler(SchedulerConfig.Parse("{}", "a.json"), 3))
                .Message
        );

    [Fact]
    public void Create_OffsetPastTheLastTimestep_IsRefused() =>
        Assert.Equal(
            "1000 steps with a.json's steps_offset 1 begin at timestep 1000, past the last one, 999: take fewer steps.",
            Assert
                .Throws<TextualInversionException>(() => new DdimScheduler(Config("\"steps_offset\": 1"), 1000))
                .Message
        );

    [Fact]
    public void Create_MoreLevelsThanTimesteps_IsRefused() =>
        Assert.Equal(
            "1000 steps are more than DPM++ 2M can place on 1000 timesteps: take fewer.",
            Assert.Throws<TextualInversionException>(() => new DpmSolverMultistepScheduler(Config(), 1000)).Message
        );
}
