using TextualInversion.Schedulers;
using TorchSharp;
using static TextualInversion.Tests.Schedulers.SamplerRun;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Schedulers;

/// <summary>What holds for every sampler: finite results, the order of calls, and the handling of tensors.</summary>
public sealed class SamplerTests
{
    public static TheoryData<SamplerKind> Kinds => [.. Enum.GetValues<SamplerKind>()];

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
                // The last step is always of first order.
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
        // PLMS repeats one timestep.
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
        // DPM++ 2S always has one point more than steps.
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

    /// <summary>Counts those of this thread, because tests run in parallel.</summary>
    private static long LiveTensors => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    private static long NewTensors(Action action)
    {
        var before = LiveTensors;
        action();
        return LiveTensors - before;
    }
}
