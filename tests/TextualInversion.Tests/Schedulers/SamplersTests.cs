using TextualInversion.Schedulers;

namespace TextualInversion.Tests.Schedulers;

public sealed class SamplersTests
{
    [Theory]
    [InlineData("ddim", SamplerKind.Ddim)]
    [InlineData("DDIMScheduler", SamplerKind.Ddim)]
    [InlineData("ddpm", SamplerKind.Ddpm)]
    [InlineData("DDPMScheduler", SamplerKind.Ddpm)]
    [InlineData("pndm", SamplerKind.Pndm)]
    [InlineData("plms", SamplerKind.Pndm)]
    [InlineData("PNDMScheduler", SamplerKind.Pndm)]
    [InlineData("lms", SamplerKind.Lms)]
    [InlineData("k_lms", SamplerKind.Lms)]
    [InlineData("LMSDiscreteScheduler", SamplerKind.Lms)]
    [InlineData("lms karras", SamplerKind.LmsKarras)]
    [InlineData("euler", SamplerKind.Euler)]
    [InlineData("EulerDiscreteScheduler", SamplerKind.Euler)]
    [InlineData("Euler Karras", SamplerKind.EulerKarras)]
    [InlineData("euler a", SamplerKind.EulerAncestral)]
    [InlineData("euler_a", SamplerKind.EulerAncestral)]
    [InlineData("Euler-Ancestral", SamplerKind.EulerAncestral)]
    [InlineData("EulerAncestralDiscreteScheduler", SamplerKind.EulerAncestral)]
    [InlineData("heun", SamplerKind.Heun)]
    [InlineData("HeunDiscreteScheduler", SamplerKind.Heun)]
    [InlineData("heun karras", SamplerKind.HeunKarras)]
    [InlineData("dpm2", SamplerKind.KDpm2)]
    [InlineData("dpm_2", SamplerKind.KDpm2)]
    [InlineData("KDPM2DiscreteScheduler", SamplerKind.KDpm2)]
    [InlineData("DPM2 Karras", SamplerKind.KDpm2Karras)]
    [InlineData("dpm2 a", SamplerKind.KDpm2Ancestral)]
    [InlineData("dpm_2_ancestral", SamplerKind.KDpm2Ancestral)]
    [InlineData("KDPM2AncestralDiscreteScheduler", SamplerKind.KDpm2Ancestral)]
    [InlineData("dpm2 a karras", SamplerKind.KDpm2AncestralKarras)]
    [InlineData("DPM++ 2M", SamplerKind.DpmSolverMultistep)]
    [InlineData("dpmpp_2m", SamplerKind.DpmSolverMultistep)]
    [InlineData("DPMSolverMultistepScheduler", SamplerKind.DpmSolverMultistep)]
    [InlineData("dpm++ 2m karras", SamplerKind.DpmSolverMultistepKarras)]
    [InlineData("dpmpp_2m_karras", SamplerKind.DpmSolverMultistepKarras)]
    [InlineData("dpm++ 2m sde", SamplerKind.DpmSolverMultistepSde)]
    [InlineData("dpmpp_2m_sde", SamplerKind.DpmSolverMultistepSde)]
    [InlineData("DPM++ 2M SDE Karras", SamplerKind.DpmSolverMultistepSdeKarras)]
    [InlineData("dpm++ 2s", SamplerKind.DpmSolverSinglestep)]
    [InlineData("DPMSolverSinglestepScheduler", SamplerKind.DpmSolverSinglestep)]
    [InlineData("dpm++ 2s karras", SamplerKind.DpmSolverSinglestepKarras)]
    [InlineData("unipc", SamplerKind.UniPc)]
    [InlineData("uni_pc", SamplerKind.UniPc)]
    [InlineData("UniPCMultistepScheduler", SamplerKind.UniPc)]
    [InlineData("unipc karras", SamplerKind.UniPcKarras)]
    [InlineData("deis", SamplerKind.Deis)]
    [InlineData("DEISMultistepScheduler", SamplerKind.Deis)]
    [InlineData("deis karras", SamplerKind.DeisKarras)]
    [InlineData("lcm", SamplerKind.Lcm)]
    [InlineData("LCMScheduler", SamplerKind.Lcm)]
    public void Parse_WhatPeopleType_IsUnderstood(string name, SamplerKind expected) =>
        Assert.Equal(expected, Samplers.Parse(name));

    [Fact]
    public void Parse_NameLikeNoOther_ProposesNone() =>
        Assert.StartsWith(
            "There is no sampler zzz. The samplers are DDIM",
            Assert.Throws<TextualInversionException>(() => Samplers.Parse("zzz")).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("eular", "Euler")]
    [InlineData("dpm++ 2m karas", "DPM++ 2M Karras")]
    [InlineData("dpm++ 2s a", "DPM++ 2S")]
    [InlineData("unipcc", "UniPC")]
    [InlineData("dim", "DDIM")]
    public void Parse_UnknownName_ProposesNearestAndListsAll(string name, string nearest) =>
        Assert.Equal(
            $"There is no sampler {name}. Did you mean {nearest}? The samplers are DDIM, DDPM, PLMS, LMS "
                + $"[Karras], Euler [Karras], Euler a, "
                + "Heun [Karras], DPM2 [Karras], DPM2 a [Karras], DPM++ 2M [Karras], DPM++ 2M SDE [Karras], "
                + "DPM++ 2S [Karras], UniPC [Karras], "
                + "DEIS [Karras], LCM.",
            Assert.Throws<TextualInversionException>(() => Samplers.Parse(name)).Message
        );

    [Theory]
    [InlineData(SamplerKind.Ddim, "DDIM", typeof(DdimScheduler))]
    [InlineData(SamplerKind.Ddpm, "DDPM", typeof(DdpmScheduler))]
    [InlineData(SamplerKind.Pndm, "PLMS", typeof(PndmScheduler))]
    [InlineData(SamplerKind.Lms, "LMS", typeof(LmsScheduler))]
    [InlineData(SamplerKind.LmsKarras, "LMS Karras", typeof(LmsScheduler))]
    [InlineData(SamplerKind.Euler, "Euler", typeof(EulerScheduler))]
    [InlineData(SamplerKind.EulerKarras, "Euler Karras", typeof(EulerScheduler))]
    [InlineData(SamplerKind.EulerAncestral, "Euler a", typeof(EulerAncestralScheduler))]
    [InlineData(SamplerKind.Heun, "Heun", typeof(HeunScheduler))]
    [InlineData(SamplerKind.HeunKarras, "Heun Karras", typeof(HeunScheduler))]
    [InlineData(SamplerKind.KDpm2, "DPM2", typeof(KDpm2Scheduler))]
    [InlineData(SamplerKind.KDpm2Karras, "DPM2 Karras", typeof(KDpm2Scheduler))]
    [InlineData(SamplerKind.KDpm2Ancestral, "DPM2 a", typeof(KDpm2Scheduler))]
    [InlineData(SamplerKind.KDpm2AncestralKarras, "DPM2 a Karras", typeof(KDpm2Scheduler))]
    [InlineData(SamplerKind.DpmSolverMultistep, "DPM++ 2M", typeof(DpmSolverMultistepScheduler))]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, "DPM++ 2M Karras", typeof(DpmSolverMultistepScheduler))]
    [InlineData(SamplerKind.DpmSolverMultistepSde, "DPM++ 2M SDE", typeof(DpmSolverMultistepScheduler))]
    [InlineData(SamplerKind.DpmSolverMultistepSdeKarras, "DPM++ 2M SDE Karras", typeof(DpmSolverMultistepScheduler))]
    [InlineData(SamplerKind.DpmSolverSinglestep, "DPM++ 2S", typeof(DpmSolverSinglestepScheduler))]
    [InlineData(SamplerKind.DpmSolverSinglestepKarras, "DPM++ 2S Karras", typeof(DpmSolverSinglestepScheduler))]
    [InlineData(SamplerKind.UniPc, "UniPC", typeof(UniPcScheduler))]
    [InlineData(SamplerKind.UniPcKarras, "UniPC Karras", typeof(UniPcScheduler))]
    [InlineData(SamplerKind.Deis, "DEIS", typeof(DeisScheduler))]
    [InlineData(SamplerKind.DeisKarras, "DEIS Karras", typeof(DeisScheduler))]
    [InlineData(SamplerKind.Lcm, "LCM", typeof(LcmScheduler))]
    public void Create_EveryKind_HasNameAndClass(SamplerKind kind, string displayName, Type type)
    {
        Assert.Equal(displayName, Samplers.DisplayName(kind));
        Assert.Equal(kind, Samplers.Parse(displayName));
        using var sampler = Samplers.Create(kind, new SchedulerConfig { SkipPrkSteps = true }, 3);
        Assert.IsType(type, sampler);
    }

    [Fact]
    public void DisplayNames_ByKind_AreComplete() =>
        Assert.Equal(Enum.GetValues<SamplerKind>().Select(Samplers.DisplayName), Samplers.DisplayNames);

    [Fact]
    public void DisplayName_UndefinedKind_IsCallersBug() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Samplers.DisplayName((SamplerKind)99));

    [Theory]
    [InlineData("PNDMScheduler", false, false, SamplerKind.Pndm)]
    [InlineData("DDIMScheduler", true, true, SamplerKind.Ddim)]
    [InlineData("DDPMScheduler", false, false, SamplerKind.Ddpm)]
    [InlineData("LMSDiscreteScheduler", true, false, SamplerKind.LmsKarras)]
    [InlineData("EulerDiscreteScheduler", false, true, SamplerKind.Euler)]
    [InlineData("EulerDiscreteScheduler", true, false, SamplerKind.EulerKarras)]
    [InlineData("EulerAncestralDiscreteScheduler", true, false, SamplerKind.EulerAncestral)]
    [InlineData("HeunDiscreteScheduler", false, false, SamplerKind.Heun)]
    [InlineData("KDPM2DiscreteScheduler", true, false, SamplerKind.KDpm2Karras)]
    [InlineData("KDPM2AncestralDiscreteScheduler", false, false, SamplerKind.KDpm2Ancestral)]
    [InlineData("DPMSolverMultistepScheduler", false, false, SamplerKind.DpmSolverMultistep)]
    [InlineData("DPMSolverMultistepScheduler", true, false, SamplerKind.DpmSolverMultistepKarras)]
    [InlineData("DPMSolverMultistepScheduler", false, true, SamplerKind.DpmSolverMultistepSde)]
    [InlineData("DPMSolverMultistepScheduler", true, true, SamplerKind.DpmSolverMultistepSdeKarras)]
    [InlineData("DPMSolverSinglestepScheduler", false, false, SamplerKind.DpmSolverSinglestep)]
    [InlineData("DPMSolverSinglestepScheduler", false, true, null)]
    [InlineData("UniPCMultistepScheduler", true, false, SamplerKind.UniPcKarras)]
    [InlineData("DEISMultistepScheduler", false, false, SamplerKind.Deis)]
    [InlineData("LCMScheduler", false, false, SamplerKind.Lcm)]
    [InlineData("EDMEulerScheduler", false, false, null)]
    [InlineData(null, false, false, null)]
    public void OfFolder_ClassName_GivesKind(string? className, bool karras, bool stochastic, SamplerKind? expected) =>
        Assert.Equal(
            expected,
            Samplers.OfFolder(
                new SchedulerConfig
                {
                    ClassName = className,
                    UseKarrasSigmas = karras,
                    IsStochastic = stochastic,
                }
            )
        );

    [Theory]
    [InlineData(SamplerKind.Lms, SamplerKind.LmsKarras)]
    [InlineData(SamplerKind.Euler, SamplerKind.EulerKarras)]
    [InlineData(SamplerKind.Heun, SamplerKind.HeunKarras)]
    [InlineData(SamplerKind.KDpm2, SamplerKind.KDpm2Karras)]
    [InlineData(SamplerKind.KDpm2Ancestral, SamplerKind.KDpm2AncestralKarras)]
    [InlineData(SamplerKind.DpmSolverMultistep, SamplerKind.DpmSolverMultistepKarras)]
    [InlineData(SamplerKind.DpmSolverMultistepSde, SamplerKind.DpmSolverMultistepSdeKarras)]
    [InlineData(SamplerKind.DpmSolverSinglestep, SamplerKind.DpmSolverSinglestepKarras)]
    [InlineData(SamplerKind.UniPc, SamplerKind.UniPcKarras)]
    [InlineData(SamplerKind.Deis, SamplerKind.DeisKarras)]
    public void Create_KindAgainstFolder_KindDecidesAboutKarras(SamplerKind plain, SamplerKind karras)
    {
        using var first = Samplers.Create(plain, new SchedulerConfig { UseKarrasSigmas = true }, 5);
        using var second = Samplers.Create(karras, new SchedulerConfig(), 5);
        Assert.NotEqual(first.Timesteps, second.Timesteps);
    }
}
