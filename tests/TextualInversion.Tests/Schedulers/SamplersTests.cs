using TextualInversion.Schedulers;

namespace TextualInversion.Tests.Schedulers;

public sealed class SamplersTests
{
    [Theory]
    [InlineData("ddim", SamplerKind.Ddim)]
    [InlineData("DDIMScheduler", SamplerKind.Ddim)]
    [InlineData("pndm", SamplerKind.Pndm)]
    [InlineData("plms", SamplerKind.Pndm)]
    [InlineData("PNDMScheduler", SamplerKind.Pndm)]
    [InlineData("euler", SamplerKind.Euler)]
    [InlineData("EulerDiscreteScheduler", SamplerKind.Euler)]
    [InlineData("Euler Karras", SamplerKind.EulerKarras)]
    [InlineData("euler a", SamplerKind.EulerAncestral)]
    [InlineData("euler_a", SamplerKind.EulerAncestral)]
    [InlineData("Euler-Ancestral", SamplerKind.EulerAncestral)]
    [InlineData("EulerAncestralDiscreteScheduler", SamplerKind.EulerAncestral)]
    [InlineData("DPM++ 2M", SamplerKind.DpmSolverMultistep)]
    [InlineData("dpmpp_2m", SamplerKind.DpmSolverMultistep)]
    [InlineData("DPMSolverMultistepScheduler", SamplerKind.DpmSolverMultistep)]
    [InlineData("dpm++ 2m karras", SamplerKind.DpmSolverMultistepKarras)]
    [InlineData("dpmpp_2m_karras", SamplerKind.DpmSolverMultistepKarras)]
    public void Parse_WhatPeopleType_IsUnderstood(string name, SamplerKind expected) => Assert.Equal(expected, Samplers.Parse(name));

    [Theory]
    [InlineData("eular", "Euler")]
    [InlineData("dpm++ 2m karas", "DPM++ 2M Karras")]
    [InlineData("dim", "DDIM")]
    public void Parse_UnknownName_ProposesNearestAndListsAll(string name, string nearest) => Assert.Equal(
        $"There is no sampler {name}. Did you mean {nearest}? "
        + "The samplers are DDIM, PLMS, Euler, Euler Karras, Euler a, DPM++ 2M, DPM++ 2M Karras.",
        Assert.Throws<TextualInversionException>(() => Samplers.Parse(name)).Message);

    [Theory]
    [InlineData(SamplerKind.Ddim, "DDIM", typeof(DdimScheduler))]
    [InlineData(SamplerKind.Pndm, "PLMS", typeof(PndmScheduler))]
    [InlineData(SamplerKind.Euler, "Euler", typeof(EulerScheduler))]
    [InlineData(SamplerKind.EulerKarras, "Euler Karras", typeof(EulerScheduler))]
    [InlineData(SamplerKind.EulerAncestral, "Euler a", typeof(EulerAncestralScheduler))]
    [InlineData(SamplerKind.DpmSolverMultistep, "DPM++ 2M", typeof(DpmSolverMultistepScheduler))]
    [InlineData(SamplerKind.DpmSolverMultistepKarras, "DPM++ 2M Karras", typeof(DpmSolverMultistepScheduler))]
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
    [InlineData("PNDMScheduler", false, SamplerKind.Pndm)]
    [InlineData("DDIMScheduler", true, SamplerKind.Ddim)]
    [InlineData("EulerDiscreteScheduler", false, SamplerKind.Euler)]
    [InlineData("EulerDiscreteScheduler", true, SamplerKind.EulerKarras)]
    [InlineData("DPMSolverMultistepScheduler", true, SamplerKind.DpmSolverMultistepKarras)]
    [InlineData("UniPCMultistepScheduler", false, null)]
    [InlineData(null, false, null)]
    public void OfFolder_ClassName_GivesKind(string? className, bool karras, SamplerKind? expected) =>
        Assert.Equal(expected, Samplers.OfFolder(new SchedulerConfig { ClassName = className, UseKarrasSigmas = karras }));

    [Theory]
    [InlineData(SamplerKind.Euler, SamplerKind.EulerKarras)]
    [InlineData(SamplerKind.DpmSolverMultistep, SamplerKind.DpmSolverMultistepKarras)]
    public void Create_KindAgainstFolder_KindDecidesAboutKarras(SamplerKind plain, SamplerKind karras)
    {
        using var first = Samplers.Create(plain, new SchedulerConfig { UseKarrasSigmas = true }, 5);
        using var second = Samplers.Create(karras, new SchedulerConfig(), 5);
        Assert.NotEqual(first.Timesteps, second.Timesteps);
    }
}
