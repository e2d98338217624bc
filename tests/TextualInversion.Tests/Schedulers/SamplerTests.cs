using TextualInversion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>What no reference trajectory reaches: limits, refusals and how samplers treat tensors.</summary>
public sealed class SamplerTests
{
    private const string StableDiffusion =
        "\"beta_start\": 0.00085, \"beta_end\": 0.012, \"beta_schedule\": \"scaled_linear\", \"skip_prk_steps\": true";
    private const string Unclipped = "\"clip_sample\": false";
    private const string ZeroSnr =
        "\"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\", \"prediction_type\": \"v_prediction\"";

    public static TheoryData<SamplerKind> Kinds => [.. Enum.GetValues<SamplerKind>()];

    /// <summary>The last state from ones, the model 0.4 x + 0.1 sin(0.01 t) and the generator seed 4, computed by diffusers 0.42.</summary>
    [Theory]
    [InlineData(SamplerKind.Ddim, 4, "\"clip_sample\": true", 0.8842757)]
    [InlineData(SamplerKind.Ddim, 1, Unclipped, 0.9887583)]
    [InlineData(SamplerKind.Ddim, 48, Unclipped + ", \"timestep_spacing\": \"trailing\"", 3.609088)]
    [InlineData(SamplerKind.Ddim, 4, Unclipped + ", " + ZeroSnr, 0.2944853)]
    [InlineData(SamplerKind.Pndm, 1, Unclipped, 1)]
    [InlineData(SamplerKind.Pndm, 2, Unclipped, 1.209359)]
    [InlineData(
        SamplerKind.Pndm, 9, "\"set_alpha_to_one\": true, \"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\"", 3.517337)]
    [InlineData(SamplerKind.Euler, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.Euler, 4, ZeroSnr, 0.2945283)]
    [InlineData(SamplerKind.EulerKarras, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.EulerAncestral, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.EulerAncestral, 4, ZeroSnr, 0.6482311)]
    [InlineData(SamplerKind.DpmSolverMultistep, 1, Unclipped, 9.585727)]
    [InlineData(SamplerKind.DpmSolverMultistep, 20, "\"lower_order_final\": false", 3.674377)]
    [InlineData(SamplerKind.DpmSolverMultistep, 4, ZeroSnr, 0.3467749)]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, 20, Unclipped, 3.640927)]
    public void Step_SettingsBeyondTheReferenceFile_EndsWhereDiffusersDoes(SamplerKind kind, int steps, string settings, double expected)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(settings), steps);
        Assert.Equal(expected, Run(sampler).item<float>(), 1e-4 * Math.Max(1, Math.Abs(expected)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_NoMoreStepsThanTimesteps_StaysFinite(SamplerKind kind)
    {
        foreach (var spacing in (string[])["leading", "trailing", "linspace"])
        {
            foreach (var steps in (int[])[1, 2, 3, 7, 48, 49, 333, 499, 998])
            {
                using var scope = NewDisposeScope();
                using var sampler = Samplers.Create(kind, Config($"\"timestep_spacing\": \"{spacing}\", \"steps_offset\": 1"), steps);
                Assert.Equal(kind == SamplerKind.Pndm && steps > 1 ? steps + 1 : steps, sampler.Timesteps.Count);
                Assert.InRange(Math.Abs(Run(sampler).item<float>()), 0, 1e3f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Create_StepsOutOfRange_NamesTheRange(SamplerKind kind)
    {
        foreach (var steps in (int[])[-1, 0, 1001])
        {
            var error = Assert.Throws<TextualInversionException>(() => Samplers.Create(kind, Config(), steps));
            Assert.Equal($"steps is {steps}: choose between 1 and 1000.", error.Message);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_WholeRun_LeavesNoTensorBehind(SamplerKind kind)
    {
        var before = LiveTensors;
        using (NewDisposeScope())
        using (var sampler = Samplers.Create(kind, Config(), 8))
        {
            Run(sampler);
        }

        Assert.Equal(before, LiveTensors);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_Arguments_AreNeitherChangedNorKept(SamplerKind kind)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(), 4);
        using var generator = new Generator(4ul);
        Tensor sample = ones(1, 4, 2, 2), modelOutput = full([1, 4, 2, 2], 0.5f);
        var next = sampler.Step(modelOutput, 0, sample, generator);
        Assert.True(sample.allclose(ones_like(sample)) && modelOutput.allclose(full_like(modelOutput, 0.5f)));
        sample.Dispose();
        modelOutput.Dispose();
        Assert.False(sampler.Step(next * 0.4, 1, next, generator).isnan().any().item<bool>());
    }

    [Theory]
    [InlineData(SamplerKind.Pndm)]
    [InlineData(SamplerKind.DpmSolverMultistep)]
    public void Step_OutOfOrder_IsCallersBug(SamplerKind kind)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(), 4);
        var sample = ones(1, 4, 2, 2);
        Assert.Contains("Step 0 is next, not 1.", Assert.Throws<ArgumentException>(() => sampler.Step(sample, 1, sample)).Message);
    }

    [Fact]
    public void Step_AncestralWithoutGenerator_IsCallersBug()
    {
        using var scope = NewDisposeScope();
        using var sampler = new EulerAncestralScheduler(Config(), 4);
        var sample = ones(1, 4, 2, 2);
        Assert.Throws<ArgumentNullException>(() => sampler.Step(sample, 0, sample));
    }

    [Theory]
    [InlineData(SamplerKind.Ddim, "\"thresholding\": true",
        "a.json: thresholding is true, but the sampler DDIM supports false. Choose another sampler.")]
    [InlineData(SamplerKind.Euler, "\"sigma_min\": 0.1",
        "a.json: sigma_min is 0.1, but the sampler Euler supports no value. Choose another sampler.")]
    [InlineData(SamplerKind.Euler, "\"interpolation_type\": \"log_linear\"",
        "a.json: interpolation_type is log_linear, but the sampler Euler supports linear. Choose another sampler.")]
    [InlineData(SamplerKind.DpmSolverMultistep, "\"algorithm_type\": \"sde-dpmsolver++\"",
        "a.json: algorithm_type is sde-dpmsolver++, but the sampler DPM++ 2M supports dpmsolver++ or deis. Choose another sampler.")]
    [InlineData(SamplerKind.DpmSolverMultistep, "\"lambda_min_clipped\": -5.1",
        "a.json: lambda_min_clipped is -5.1, but the sampler DPM++ 2M supports -Infinity. Choose another sampler.")]
    [InlineData(SamplerKind.Ddim, "\"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\"",
        "a.json: rescale_betas_zero_snr leaves no image at timestep 999, from which DDIM cannot recover one by predicting the noise. "
        + "Choose the sampler Euler, or timestep_spacing leading.")]
    public void Create_SettingOutsideTheSampler_NamesFileKeyAndValue(SamplerKind kind, string settings, string message) => Assert.Equal(
        message, Assert.Throws<TextualInversionException>(() => Samplers.Create(kind, Config(settings), 4)).Message);

    [Fact]
    public void Create_PlmsWithRungeKuttaSteps_IsRefused() => Assert.Equal(
        "a.json: skip_prk_steps is false or missing, but the sampler PLMS has no Runge-Kutta steps. "
        + "Choose another sampler, or set skip_prk_steps to true.",
        Assert.Throws<TextualInversionException>(() => new PndmScheduler(SchedulerConfig.Parse("{}", "a.json"), 4)).Message);

    [Fact]
    public void Create_OffsetPastTheLastTimestep_IsRefused() => Assert.Equal(
        "1000 steps with a.json's steps_offset 1 begin at timestep 1000, past the last one, 999: take fewer steps.",
        Assert.Throws<TextualInversionException>(() => new DdimScheduler(Config("\"steps_offset\": 1"), 1000)).Message);

    [Fact]
    public void Create_MoreLevelsThanTimesteps_IsRefused() => Assert.Equal(
        "1000 steps are more than DPM++ 2M can place on 1000 timesteps: take fewer.",
        Assert.Throws<TextualInversionException>(() => new DpmSolverMultistepScheduler(Config(), 1000)).Message);

    /// <summary>Of this thread, because tests run side by side.</summary>
    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    private static SchedulerConfig Config(string settings = Unclipped) =>
        SchedulerConfig.Parse($"{{ {StableDiffusion}, {settings} }}", "a.json");

    private static Tensor Run(ISampler sampler)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4ul);
        var sample = ones(1, 1, 1, 1) * sampler.InitNoiseSigma;
        for (var i = 0; i < sampler.Timesteps.Count; i++)
        {
            var modelOutput = (sampler.ScaleModelInput(sample, i) * 0.4) + (0.1 * Math.Sin(0.01 * sampler.Timesteps[i]));
            sample = sampler.Step(modelOutput, i, sample, generator);
        }

        return sample.MoveToOuterDisposeScope();
    }
}
