using TextualInversion.Checkpoints;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Tests.ModelAccess;

public sealed class MachineTests
{
    [Fact]
    public void Scheduler_FolderSilentAboutClipping_LeavesLatentsUnclipped()
    {
        using var scope = NewDisposeScope();
        var demo = new ModelFolder(Path.Combine(Goldens.Repository, "samples", "demo-model"));
        using var sampler = Samplers.Create(SamplerKind.Ddim, ModelScheduler.Load(demo, prediction: null), steps: 1);
        var sample = full([1, 4, 2, 2], 5f);
        Assert.True(sampler.Step(zeros_like(sample), 0, sample).gt(2).all().item<bool>());
    }
}
