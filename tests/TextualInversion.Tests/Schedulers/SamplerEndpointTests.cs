using TextualInversion.Schedulers;
using static TextualInversion.Tests.Schedulers.SamplerRun;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>The last states of whole runs, with settings that no reference trajectory has.</summary>
public sealed class SamplerEndpointTests
{
    private const string RungeKutta = "\"skip_prk_steps\": false";
    private const string SigmaMin = "\"final_sigmas_type\": \"sigma_min\"";
    private const string ZeroSnr =
        "\"rescale_betas_zero_snr\": true, \"timestep_spacing\": \"trailing\", \"prediction_type\": \"v_prediction\"";

    /// <summary>
    /// The last state of a run that starts from ones, with the model 0.4 x + 0.1 sin(0.01 t) and the generator seed 4,
    /// computed by diffusers 0.42.
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

    /// <summary>
    /// Runs that start from latents of 0.5 and noise of 1 at the fourth of eight steps; otherwise as above.
    /// </summary>
    [Theory]
    [InlineData(SamplerKind.Ddim, 1.29743)]
    [InlineData(SamplerKind.Ddpm, 0.997494)]
    [InlineData(SamplerKind.Pndm, 1.380277)]
    [InlineData(SamplerKind.Lms, 1.437626)] // its order grows with the known derivatives; diffusers' is higher
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
}
