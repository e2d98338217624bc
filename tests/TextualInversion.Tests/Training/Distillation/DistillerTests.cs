using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training.Distillation;

namespace TextualInversion.Tests.Training.Distillation;

/// <summary>Distilling on a small random model.</summary>
public sealed class DistillerTests : IDisposable
{
    private const string Prompt = "a photo of a small red cat on a table";

    private readonly IDiffusionModel model = new GoldenModel("sd1").Open(false);

    public void Dispose() => model.Dispose();

    [Fact]
    public void Run_CanceledAfterSteps_KeepsWhatWasLearned()
    {
        using var cancellation = new CancellationTokenSource();
        var progress = new ImmediateProgress<(int Step, double Loss)>(at =>
        {
            if (at.Step == 3)
                cancellation.Cancel();
        });

        using var result = Make(Prompt, DistillationTarget.Noise).Run(null, progress, cancellation.Token);

        Assert.True(result.IsCancelled);
        Assert.Equal(3, result.Steps);
        Assert.Empty(result.Distances);
        Assert.Equal([2, 32], Assert.Single(result.Rows).shape);
    }

    [Fact]
    public void Run_CanceledBeforeTheFirstStep_Ends()
    {
        using var cancellation = new CancellationTokenSource();
        var images = new ImmediateProgress<int>(done =>
        {
            if (done == NoisyLatents.Count)
                cancellation.Cancel();
        });

        Assert.Throws<OperationCanceledException>(() =>
            Make(Prompt, DistillationTarget.Noise).Run(images, null, cancellation.Token)
        );
    }

    [Theory]
    [InlineData("a cat on a table BREAK at night in the snow", 1)]
    [InlineData("a cat, a cat, a cat, a cat, a cat, a cat, a cat, a cat, a cat, a cat, a cat, a cat, a cat, ", 2)]
    [InlineData("a cat on a table, a cat on a table, a cat on a table, a cat on a table, a cat on a table, ", 3)]
    public void New_StatesOfAPromptWithoutPadding_AreRefusedAndNoiseIsNot(string text, int times)
    {
        var prompt = string.Concat(Enumerable.Repeat(text, times));
        var error = Assert.Throws<TextualInversionException>(() => Make(prompt, DistillationTarget.States));

        Assert.Equal(nameof(DistillationOptions.Target), error.Parameter);
        Assert.Contains("choose noise", error.Message, StringComparison.Ordinal);
        Assert.NotNull(Make(prompt, DistillationTarget.Noise));
    }

    private Distiller Make(string prompt, DistillationTarget target)
    {
        var options = new DistillationOptions
        {
            Vectors = 2,
            Steps = 20,
            BatchSize = 1,
            Seed = 1,
            Target = target,
            ComparedImages = 0,
            Images = new GenerationSettings
            {
                Prompt = "",
                Width = 32,
                Height = 32,
                Steps = 2,
                Guidance = 3,
                Sampler = SamplerKind.Ddim,
            },
        };
        var schedule = new NoiseSchedule(new GoldenModel("sd1").SchedulerConfig);
        return new Distiller(model, schedule, new DistillationSource(prompt, [], null), options);
    }
}
