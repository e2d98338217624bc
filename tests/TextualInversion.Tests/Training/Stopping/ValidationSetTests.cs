using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training.Stopping;

public sealed class ValidationSetTests
{
    [Fact]
    public void Best_Losses_IsTheOneThatGainsMostAtAllTimesteps()
    {
        Validation[] points = [new(0, 0.3, 1.1), new(10, 0.2, 0.9), new(20, 0.21, 0.8), new(30, 0.1, double.NaN)];

        Assert.Equal(20, Validation.Best(points)!.Step);
        Assert.Null(Validation.Best(points[3..]));
    }

    [Fact]
    [Trait("Category", Goldens.Category)]
    public void Measure_Examples_AveragesLossesAndRatiosToAnEmptyPrompt()
    {
        using var fixture = new ImageFixture(new TrainOptions { Vectors = 2, BatchSize = 3 });
        using var row = ones(2, 32, device: CPU);
        using var learner = new Learner(fixture.Model, fixture.Schedule, [row], fixture.Options);
        var source = new FixedExamples(fixture.Images, fixture.Prompts, fixture.Tokenizers);
        var examples = FixedExamples.Choose(fixture.Images.Learned, fixture.Schedule.Config.NumTrainTimesteps);
        List<double> losses = [],
            withoutPrompts = [];
        foreach (var example in examples)
        {
            using var batch = source.InBatches([example], batch: 1).Single();
            losses.AddRange(learner.EvaluateEach(batch, learner.Rows));
            withoutPrompts.AddRange(learner.EvaluateEach(source.WithoutPrompts(batch), learner.Rows));
        }

        using var set = fixture.Validation(learner);
        var (loss, relative) = set.Measure();

        var product = losses.Zip(withoutPrompts, (own, without) => own / without).Aggregate((all, next) => all * next);
        Assert.Equal(losses.Average(), loss, 1e-5);
        Assert.Equal(withoutPrompts.Average(), set.LossWithoutPrompts, 1e-5);
        Assert.Equal(Math.Pow(product, 1.0 / examples.Count), relative, 1e-5);
        Assert.NotEqual(1, relative, 1e-3);
    }
}
