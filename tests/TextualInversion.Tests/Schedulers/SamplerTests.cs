using TextualInversion.Native;
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
    private const string RungeKutta = "\"skip_prk_steps\": false";
    private const string SigmaMin = "\"final_sigmas_type\": \"sigma_min\"";
    private const string ZeroSnr =
        "\"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\", \"prediction_type\": \"v_prediction\"";

    public static TheoryData<SamplerKind> Kinds => [.. Enum.GetValues<SamplerKind>()];

    /// <summary>
    /// The last state from ones, the model 0.4 x + 0.1 sin(0.01 t) and the generator seed 4, computed by diffusers
    /// 0.42.
    /// </summary>
    [Theory]
    [InlineData(SamplerKind.Ddim, 4, "\"clip_sample\": true", 0.8842757)]
    [InlineData(SamplerKind.Ddim, 1, Unclipped, 0.9887583)]
    [InlineData(SamplerKind.Ddim, 48, Unclipped + ", \"timestep_spacing\": \"trailing\"", 3.609088)]
    [InlineData(SamplerKind.Ddim, 4, Unclipped + ", " + ZeroSnr, 0.2944853)]
    [InlineData(SamplerKind.Pndm, 1, Unclipped, 1)]
    [InlineData(SamplerKind.Pndm, 2, Unclipped, 1.209359)]
    [InlineData(
        SamplerKind.Pndm,
        9,
        "\"set_alpha_to_one\": true, \"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\"",
        3.517337
    )]
    [InlineData(SamplerKind.Pndm, 4, RungeKutta, 1.7865815)]
    [InlineData(SamplerKind.Pndm, 7, RungeKutta, 2.2182746)]
    [InlineData(
        SamplerKind.Pndm,
        9,
        RungeKutta
            + ", \"prediction_type\": \"v_prediction\", \"timestep_spacing\": \"trailing\", \"set_alpha_to_one\": true",
        0.4447808
    )]
    [InlineData(SamplerKind.Euler, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.Euler, 2, ZeroSnr, 0.1845815)]
    [InlineData(SamplerKind.Euler, 3, ZeroSnr, 0.2567339)]
    [InlineData(SamplerKind.Euler, 4, ZeroSnr, 0.2945283)]
    [InlineData(SamplerKind.EulerKarras, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.EulerAncestral, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.EulerAncestral, 2, ZeroSnr, -0.1422248)]
    [InlineData(SamplerKind.EulerAncestral, 3, ZeroSnr, -0.02390192)]
    [InlineData(SamplerKind.EulerAncestral, 4, ZeroSnr, 0.6482311)]
    [InlineData(SamplerKind.DpmSolverMultistep, 1, Unclipped, 9.585727)]
    [InlineData(SamplerKind.DpmSolverMultistep, 20, "\"lower_order_final\": false", 3.674377)]
    [InlineData(SamplerKind.DpmSolverMultistep, 4, ZeroSnr, 0.3467749)]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, 20, Unclipped, 3.640927)]
    [InlineData(SamplerKind.Ddpm, 1, Unclipped, 0.9887583)]
    [InlineData(SamplerKind.Ddpm, 5, "\"clip_sample\": true", 0.4411169)]
    [InlineData(SamplerKind.Ddpm, 5, Unclipped + ", \"steps_offset\": 1", 1.039796)]
    [InlineData(SamplerKind.Ddpm, 4, Unclipped + ", " + ZeroSnr, 0.6481763)]
    [InlineData(SamplerKind.Lms, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.Lms, 6, Unclipped, 4.401813)]
    [InlineData(SamplerKind.LmsKarras, 6, "\"timestep_spacing\": \"leading\"", 2.279784)]
    [InlineData(SamplerKind.Lms, 4, ZeroSnr, 0.3740831)]
    [InlineData(SamplerKind.Heun, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.Heun, 5, Unclipped, 2.853289)]
    [InlineData(SamplerKind.HeunKarras, 5, "\"timestep_spacing\": \"leading\", \"steps_offset\": 1", 1.917318)]
    [InlineData(SamplerKind.Heun, 4, ZeroSnr, 0.4557868)]
    [InlineData(SamplerKind.KDpm2, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.KDpm2, 2, Unclipped, -33.87114)]
    [InlineData(SamplerKind.KDpm2Karras, 5, Unclipped, 3.064613)]
    [InlineData(SamplerKind.KDpm2, 4, ZeroSnr, 0.4090495)]
    [InlineData(SamplerKind.KDpm2Ancestral, 1, Unclipped, 0.02882738)]
    [InlineData(SamplerKind.KDpm2Ancestral, 2, Unclipped, -40.90126)]
    [InlineData(SamplerKind.KDpm2AncestralKarras, 5, Unclipped, 0.3003318)]
    [InlineData(SamplerKind.DpmSolverMultistep, 20, "\"solver_order\": 3", 3.710008)]
    [InlineData(SamplerKind.DpmSolverMultistep, 6, "\"solver_order\": 3", 4.07929)]
    [InlineData(SamplerKind.DpmSolverMultistep, 5, "\"solver_order\": 1", 4.795923)]
    [InlineData(SamplerKind.DpmSolverMultistep, 6, "\"solver_type\": \"heun\"", 3.86491)]
    [InlineData(SamplerKind.DpmSolverMultistep, 6, SigmaMin + ", \"lower_order_final\": false", 3.557889)]
    [InlineData(SamplerKind.DpmSolverMultistep, 20, SigmaMin + ", \"euler_at_final\": true", 3.720182)]
    [InlineData(SamplerKind.DpmSolverMultistep, 20, SigmaMin, 3.753984)]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, 6, SigmaMin, 3.045558)]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, 20, SigmaMin, 3.682322)]
    [InlineData(SamplerKind.DpmSolverMultistepSdeKarras, 20, SigmaMin, 3.412817)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, 1, Unclipped, 9.585727)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, 6, "\"solver_type\": \"heun\"", 2.184525)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, 6, "\"solver_order\": 1", 2.898093)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, 6, ZeroSnr, 0.9751469)]
    [InlineData(SamplerKind.DpmSolverMultistepSdeKarras, 20, Unclipped, 3.374451)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 1, Unclipped, 9.585727)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 2, Unclipped, 6.848993)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 7, Unclipped, 4.029618)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 6, SigmaMin, 4.055713)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 6, SigmaMin + ", \"lower_order_final\": true", 4.255235)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 7, SigmaMin, 4.08262)]
    [InlineData(SamplerKind.DpmSolverSinglestepKarras, 6, Unclipped, 4.277854)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 6, ZeroSnr, 0.4043101)]
    [InlineData(SamplerKind.UniPc, 1, Unclipped, 9.585727)]
    [InlineData(SamplerKind.UniPc, 2, Unclipped, 6.848993)]
    [InlineData(SamplerKind.UniPc, 7, "\"solver_order\": 3", 3.798951)]
    [InlineData(SamplerKind.UniPc, 20, "\"solver_order\": 3", 3.665226)]
    [InlineData(SamplerKind.UniPc, 7, "\"solver_order\": 1", 4.034111)]
    [InlineData(SamplerKind.UniPc, 7, "\"solver_type\": \"bh1\", " + SigmaMin, 3.62814)]
    [InlineData(SamplerKind.UniPc, 7, "\"solver_type\": \"bh1\", \"solver_order\": 3, " + SigmaMin, 3.706952)]
    [InlineData(SamplerKind.UniPc, 7, SigmaMin + ", \"lower_order_final\": false", 3.541288)]
    [InlineData(SamplerKind.UniPc, 6, ZeroSnr, 0.4235085)]
    [InlineData(SamplerKind.UniPcKarras, 7, Unclipped, 3.306457)]
    [InlineData(SamplerKind.UniPcKarras, 7, SigmaMin, 3.373027)]
    [InlineData(SamplerKind.Deis, 1, Unclipped, 9.591751)]
    [InlineData(SamplerKind.Deis, 7, "\"solver_order\": 3", 4.065338)]
    [InlineData(SamplerKind.Deis, 20, "\"solver_order\": 3", 3.800112)]
    [InlineData(SamplerKind.Deis, 7, "\"solver_order\": 1", 4.50139)]
    [InlineData(SamplerKind.Deis, 7, "\"lower_order_final\": false", 3.987656)]
    [InlineData(SamplerKind.DeisKarras, 7, Unclipped, 3.96548)]
    [InlineData(SamplerKind.DeisKarras, 20, Unclipped, 3.734995)]
    [InlineData(SamplerKind.Deis, 6, ZeroSnr, 0.4336448)]
    [InlineData(SamplerKind.Lcm, 1, Unclipped, 9.585727)]
    [InlineData(SamplerKind.Lcm, 4, Unclipped, 2.146005)]
    [InlineData(SamplerKind.Lcm, 50, Unclipped, 0.3535655)]
    [InlineData(SamplerKind.Lcm, 7, "\"clip_sample\": true", 0.6219085)]
    [InlineData(SamplerKind.Lcm, 4, "\"original_inference_steps\": 25, \"timestep_scaling\": 0.001", 2.590878)]
    [InlineData(SamplerKind.Lcm, 4, ZeroSnr, 0.7788764)]
    public void Step_SettingsBeyondTheReferenceFile_EndsWhereDiffusersDoes(
        SamplerKind kind,
        int steps,
        string settings,
        double expected
    )
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(settings), steps);
        Assert.Equal(expected, Run(sampler).item<float>(), 1e-4 * Math.Max(1, Math.Abs(expected)));
    }

    /// <summary>From latents of 0.5 and noise of 1 at the fourth of eight steps; otherwise as above.</summary>
    [Theory]
    [InlineData(SamplerKind.Ddim, 1.29743)]
    [InlineData(SamplerKind.Ddpm, 0.997494)]
    [InlineData(SamplerKind.Pndm, 1.380277)]
    [InlineData(SamplerKind.Lms, 1.437626)] // with the order that the known derivatives give, which diffusers exceeds
    [InlineData(SamplerKind.LmsKarras, 1.436305)]
    [InlineData(SamplerKind.Euler, 1.466025)]
    [InlineData(SamplerKind.EulerKarras, 1.463181)]
    [InlineData(SamplerKind.EulerAncestral, 1.047738)]
    [InlineData(SamplerKind.Heun, 1.430637)]
    [InlineData(SamplerKind.HeunKarras, 1.352233)]
    [InlineData(SamplerKind.KDpm2, 1.454035)]
    [InlineData(SamplerKind.KDpm2Karras, 1.369953)]
    [InlineData(SamplerKind.KDpm2Ancestral, 0.9491878)]
    [InlineData(SamplerKind.KDpm2AncestralKarras, 0.4024834)]
    [InlineData(SamplerKind.DpmSolverMultistep, 1.535449)]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, 1.35394)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, 1.402224)]
    [InlineData(SamplerKind.DpmSolverMultistepSdeKarras, -0.09741695)]
    [InlineData(SamplerKind.DpmSolverSinglestep, 1.56536)]
    [InlineData(SamplerKind.DpmSolverSinglestepKarras, 1.456032)]
    [InlineData(SamplerKind.UniPc, 1.520584)]
    [InlineData(SamplerKind.UniPcKarras, 1.342596)]
    [InlineData(SamplerKind.Deis, 1.568287)]
    [InlineData(SamplerKind.DeisKarras, 1.421915)]
    [InlineData(SamplerKind.Lcm, 1.303925)]
    public void Step_RunThatBeginsLater_EndsWhereDiffusersDoes(SamplerKind kind, double expected)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(), 8);
        var begin = 3 * sampler.CallsPerStep;
        var sample = sampler.AddNoise(full([1, 1, 1, 1], 0.5f), ones(1, 1, 1, 1), begin);
        Assert.Equal(expected, Run(sampler, sample, begin).item<float>(), 1e-4);
    }

    [Theory]
    [InlineData(0, Unclipped, 2.121429)]
    [InlineData(0.5, Unclipped, 1.636469)]
    [InlineData(1, Unclipped, 1.030931)]
    [InlineData(1, Unclipped + ", " + ZeroSnr, 0.7266939)]
    public void Step_DdimWithEta_EndsWhereDiffusersDoes(double eta, string settings, double expected)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(SamplerKind.Ddim, Config(settings), 5, eta);
        Assert.Equal(expected, Run(sampler).item<float>(), 1e-4);
    }

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
    public void Step_NoMoreStepsThanTimesteps_StaysFinite(SamplerKind kind)
    {
        foreach (var spacing in (string[])["leading", "trailing", "linspace"])
        {
            foreach (var steps in StepCounts(kind))
            {
                using var scope = NewDisposeScope();
                using var sampler = Samplers.Create(
                    kind,
                    Config($"\"timestep_spacing\": \"{spacing}\", \"steps_offset\": 1"),
                    steps
                );
                // The last step is always of first order
                var calls = (steps * sampler.CallsPerStep) - sampler.CallsPerStep + 1;
                Assert.Equal(kind == SamplerKind.Pndm && steps > 1 ? calls + 1 : calls, sampler.Timesteps.Count);
                Assert.InRange(Math.Abs(Run(sampler).item<float>()), 0, 1e3f);
            }
        }

        static int[] StepCounts(SamplerKind kind) =>
            kind == SamplerKind.Lcm ? [1, 2, 3, 7, 48, 49, 50] : [1, 2, 3, 7, 48, 49, 333];
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Timesteps_EveryKind_GoDownStepByStep(SamplerKind kind)
    {
        using var sampler = Samplers.Create(kind, Config(), 21);
        Assert.All(sampler.Timesteps, timestep => Assert.InRange(timestep, 0, 999));
        // PLMS repeats one
        var begins = sampler.Timesteps.Where((_, i) => i % sampler.CallsPerStep == 0).Distinct().ToList();
        Assert.Equal(21, begins.Count);
        Assert.Equal(begins.OrderDescending(), begins);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Step_MostStepsOfASpacing_StaysFinite(SamplerKind kind)
    {
        if (kind == SamplerKind.Lcm)
            return;
        // DPM++ 2S always lays out a point more than it has steps
        var most = kind is SamplerKind.DpmSolverSinglestep ? 999 : 1000;
        foreach (var (spacing, steps) in new[] { ("trailing", most), ("leading", 998) })
        {
            using var scope = NewDisposeScope();
            using var sampler = Samplers.Create(
                kind,
                Config($"\"timestep_spacing\": \"{spacing}\", \"steps_offset\": 1"),
                steps
            );
            Assert.InRange(Math.Abs(Run(sampler).item<float>()), 0, 1e3f);
        }
    }

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
        Tensor sample = ones(1, 4, 2, 2),
            modelOutput = full([1, 4, 2, 2], 0.5f);
        Assert.Equal(1, NewTensors(() => sampler.AddNoise(sample, modelOutput, 0)));
        var next = sampler.Step(modelOutput, 0, sample, generator);
        Assert.True(sample.allclose(ones_like(sample)) && modelOutput.allclose(full_like(modelOutput, 0.5f)));
        sample.Dispose();
        modelOutput.Dispose();
        Assert.False(sampler.Step(next * 0.4, 1, next, generator).isnan().any().item<bool>());
    }

    [Theory]
    [InlineData(SamplerKind.Pndm)]
    [InlineData(SamplerKind.Lms)]
    [InlineData(SamplerKind.Heun)]
    [InlineData(SamplerKind.KDpm2)]
    [InlineData(SamplerKind.DpmSolverMultistep)]
    [InlineData(SamplerKind.DpmSolverSinglestep)]
    [InlineData(SamplerKind.UniPc)]
    [InlineData(SamplerKind.Deis)]
    public void Step_OutOfOrder_IsCallersBug(SamplerKind kind)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(), 4);
        var sample = ones(1, 4, 2, 2);
        sampler.Step(sample, 0, sample);
        Assert.Contains(
            "Step 1 is next, not 2.",
            Assert.Throws<ArgumentException>(() => sampler.Step(sample, 2, sample)).Message
        );
    }

    [Theory]
    [InlineData(SamplerKind.Heun)]
    [InlineData(SamplerKind.KDpm2)]
    public void Step_RunThatBeginsWithinAStep_IsCallersBug(SamplerKind kind)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(), 4);
        var sample = ones(1, 4, 2, 2);
        Assert.Contains(
            "A run begins at a multiple of 2, not at 1.",
            Assert.Throws<ArgumentException>(() => sampler.Step(sample, 1, sample)).Message
        );
    }

    [Theory]
    [InlineData(SamplerKind.Ddim, 1)]
    [InlineData(SamplerKind.Ddpm, 0)]
    [InlineData(SamplerKind.EulerAncestral, 0)]
    [InlineData(SamplerKind.KDpm2Ancestral, 0)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, 0)]
    [InlineData(SamplerKind.Lcm, 0)]
    public void Step_StochasticWithoutGenerator_IsCallersBug(SamplerKind kind, double eta)
    {
        using var scope = NewDisposeScope();
        using var sampler = Samplers.Create(kind, Config(), 4, eta);
        var sample = ones(1, 4, 2, 2);
        Assert.Throws<ArgumentNullException>(() =>
        {
            for (var i = 0; i < sampler.CallsPerStep; i++)
                sampler.Step(sample, i, sample);
        });
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

    /// <summary>Of this thread, because tests run side by side.</summary>
    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    private static long NewTensors(Action action)
    {
        var before = LiveTensors;
        action();
        return LiveTensors - before;
    }

    private static SchedulerConfig Config(string settings = Unclipped) =>
        SchedulerConfig.Parse($"{{ {StableDiffusion}, {settings} }}", "a.json");

    private static Tensor Run(ISampler sampler) => Run(sampler, ones(1, 1, 1, 1) * sampler.InitNoiseSigma, begin: 0);

    private static Tensor Run(ISampler sampler, Tensor sample, int begin)
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
