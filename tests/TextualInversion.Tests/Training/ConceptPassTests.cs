using TextualInversion.Models.Tokenizers;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>
/// The gradient of each concept in a shared U-Net batch, against the gradient of its batch alone. In the trained demo
/// model, which is well-conditioned, other orders of sums change a gradient by some 3e-6 of its norm.
/// </summary>
public sealed class ConceptPassTests : IDisposable
{
    private const float LossTolerance = 1e-6f,
        Tolerance = 2e-5f; // of the gradient's norm

    // Each differs in vectors, batch, loss and seed.
    private static readonly (string Sample, TrainOptions Options)[] All =
    [
        (
            "my-cat",
            new TrainOptions
            {
                Vectors = 2,
                BatchSize = 2,
                Seed = 1,
            }
        ),
        (
            "my-dog",
            new TrainOptions
            {
                Vectors = 1,
                BatchSize = 1,
                GradientAccumulationSteps = 2,
                Seed = 2,
            }
        ),
        (
            "my-style",
            new TrainOptions
            {
                Vectors = 3,
                BatchSize = 2,
                LossType = LossType.Huber,
                Seed = 3,
            }
        ),
    ];

    private readonly ImageFixture fixture = new(All[0].Options, Goldens.Sample("demo-model"));
    private readonly TorchSharp.DisposeScope scope = NewDisposeScope();
    private readonly List<IDisposable> owned = [];

    public void Dispose()
    {
        owned.ForEach(each => each.Dispose());
        scope.Dispose();
        fixture.Dispose();
    }

    [Fact]
    public void Compute_SeveralConcepts_GivesEachTheGradientOfItsOwnImages()
    {
        var learners = Own(All.Select(each => NewLearner(each.Options)));
        var batches = All.Select(each => Batch(each.Sample, each.Options)).ToList();
        var alone = learners.Zip(batches, Alone).ToList();

        var passes = Compute(learners, batches);

        for (var i = 0; i < All.Length; i++)
            AssertSame(alone[i], learners[i], passes[i]);
    }

    [Fact]
    public void Compute_OneThatDiverged_LeavesTheOthersTheirGradients()
    {
        var learners = Own(All.Select(each => NewLearner(each.Options)));
        var batches = All.Select(each => Batch(each.Sample, each.Options)).ToList();
        var alone = learners.Zip(batches, Alone).ToList();
        learners[0] = Own([NewLearner(All[0].Options, times: double.NaN)])[0];

        var passes = Compute(learners, batches);

        Assert.True(float.IsNaN(passes[0].Loss().item<float>()));
        AssertSame(alone[1], learners[1], passes[1]);
        AssertSame(alone[2], learners[2], passes[2]);
    }

    private List<ConceptPass> Compute(List<Learner> learners, List<TrainingBatch> batches)
    {
        var passes = Own(
            learners
                .Zip(batches)
                .Select((pair, number) => new ConceptPass(number, "", fixture.Model, pair.First, pair.Second))
        );
        ConceptPass.Compute(passes);
        return passes;
    }

    private static (float Loss, Tensor Gradient) Alone(Learner learner, TrainingBatch batch)
    {
        var loss = learner.Forward(batch);
        learner.Backward(loss);
        var gradient = learner.Gradients[0].clone();
        learner.DiscardGradients();
        return (loss.item<float>(), gradient);
    }

    private static void AssertSame((float Loss, Tensor Gradient) alone, Learner learner, ConceptPass pass)
    {
        Assert.Equal(alone.Loss, pass.Loss().item<float>(), LossTolerance);
        var difference = (learner.Gradients[0] - alone.Gradient).norm() / alone.Gradient.norm();
        Assert.InRange(difference.item<float>(), 0, Tolerance);
    }

    private Learner NewLearner(TrainOptions options, double times = 1)
    {
        var rows = fixture.Model.Vocabularies.Select(each => each[7].expand(options.VectorCount, -1).mul(times));
        return new Learner(fixture.Model, fixture.Schedule, rows.ToList(), options);
    }

    private TrainingBatch Batch(string sample, TrainOptions options)
    {
        var concept = fixture.Concept(sample, options);
        var tokenizers = new PromptTokenizers(fixture.Model.Tokenizers, concept.Placeholders);
        var timesteps = fixture.Schedule.Config.NumTrainTimesteps;
        return new BatchSampler(concept.Images, concept.Prompts, tokenizers, options, timesteps).Sample(0, 0);
    }

    private List<T> Own<T>(IEnumerable<T> some)
        where T : IDisposable
    {
        var all = some.ToList();
        owned.AddRange(all.Cast<IDisposable>());
        return all;
    }
}
