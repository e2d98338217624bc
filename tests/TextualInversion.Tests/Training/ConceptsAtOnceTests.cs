using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Models;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>Independent concepts that share U-Net batches, against each of them alone.</summary>
[Trait("Category", Goldens.Category)]
public sealed class ConceptsAtOnceTests : IDisposable
{
    // A batched kernel may add in another order. In a random network, which is ill-conditioned, that changes losses by
    // up to 2e-4; and AdamW turns a value's first gradient into a whole step, however small and uncertain it is. The
    // difference measured is up to 3 %; the gradient of another image makes it 100 %. ConceptPassTests compares the
    // gradients themselves, on a trained network.
    private const double LossTolerance = 1e-3,
        Tolerance = 0.1; // of the distance that the vectors moved

    private static readonly TrainOptions Cat = new()
    {
        Vectors = 2,
        Steps = 3,
        BatchSize = 2,
        Optimizer = OptimizerKind.AdamW,
        ValidateEvery = 2,
        Patience = 0,
        Seed = 1,
    };

    // Each differs in vectors, steps, batch, loss and seed.
    private static readonly (string Sample, TrainOptions Options)[] All =
    [
        ("my-cat", Cat),
        (
            "my-dog",
            Cat with
            {
                Vectors = 1,
                Steps = 5,
                BatchSize = 1,
                GradientAccumulationSteps = 2,
                ValidateEvery = 3,
                Seed = 2,
            }
        ),
        ("my-style", Cat with { Vectors = 3, Steps = 4, LossType = LossType.Huber, Seed = 3 }),
    ];

    private readonly TemporaryFolder folder = new();
    private readonly ImageFixture fixture = new(Cat);

    public void Dispose()
    {
        fixture.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Run_SeveralConcepts_LearnsEachAsAlone(int count)
    {
        using var scope = NewDisposeScope();
        var runs = All.Take(count)
            .Select(each => new OneRun(fixture.Concept(each.Sample, each.Options), each.Options))
            .ToList();
        var alone = runs.ConvertAll(run => run with { Steps = [] });
        alone.ForEach(Run);

        var batches = new List<long>();
        await RunTogetherAsync(runs, Counting(batches));

        foreach (var (together, own) in runs.Zip(alone))
        {
            Assert.Equal(own.Steps.Select(step => step.Step), together.Steps.Select(step => step.Step));
            foreach (var (now, then) in together.Steps.Zip(own.Steps))
            {
                Assert.Equal(then.ValidationLoss is null, now.ValidationLoss is null);
                Assert.Equal(then.ValidationLoss ?? 0, now.ValidationLoss ?? 0, LossTolerance);
                Assert.Equal(then.Loss ?? 0, now.Loss ?? 0, LossTolerance);
                var moved = Distance(own.Steps[0].Rows[0], then.Rows[0]);
                Assert.InRange(Distance(then.Rows[0], now.Rows[0]), 0, Tolerance * moved);
            }

            Assert.NotEqual(own.Steps[0].Rows[0], together.Steps[^1].Rows[0]);
        }

        // The first step has the images of all concepts; the last ones those of the dog alone.
        Assert.Equal(count == 2 ? 3 : 5, batches[0]);
        Assert.Equal(1, batches[^1]);
    }

    [Fact]
    public async Task Run_ImagesOfDifferentSizes_GivesTheBytesOfEachAlone()
    {
        using var scope = NewDisposeScope();
        List<OneRun> runs =
        [
            new(fixture.Concept("my-cat", Cat), Cat),
            new(fixture.Concept("my-dog", Cat, resolution: 64), Cat with { Seed = 2 }),
        ];
        var alone = runs.ConvertAll(run => run with { Steps = [] });
        alone.ForEach(Run);

        await RunTogetherAsync(runs, fixture.Model);

        Assert.All(runs.Zip(alone), pair => Assert.Equal(Rows(pair.Second), Rows(pair.First)));
    }

    [Fact]
    [SuppressMessage("Usage", "CA2201", Justification = "This is what TorchSharp throws.")]
    public async Task Run_MemoryRunsOutForTheBatchOfAll_ComputesEachAloneFromThenOn()
    {
        using var scope = NewDisposeScope();
        var runs = All.Take(2)
            .Select(each => new OneRun(fixture.Concept(each.Sample, each.Options), each.Options))
            .ToList();
        var alone = runs.ConvertAll(run => run with { Steps = [] });
        alone.ForEach(Run);
        var batches = new List<long>();
        var model = Counting(batches);
        model.OnBackward = () =>
        {
            if (batches[^1] > Cat.BatchSize)
                throw new ExternalException("CUDA out of memory. Tried to allocate 20.00 MiB.");
        };

        var said = new List<string>();

        await RunTogetherAsync(runs, model, (names, most) => said.Add($"{string.Join(", ", names)}: {most}"));

        Assert.Equal(["<my-cat>, <my-dog>: 1"], said);
        Assert.All(runs.Zip(alone), pair => Assert.Equal(Rows(pair.Second), Rows(pair.First)));
        Assert.Equal(1, batches.Count(images => images > Cat.BatchSize));
        Assert.False(fixture.Model.UsesGradientCheckpointing);
    }

    [Fact]
    public async Task Run_OneFails_TheOthersGoOn()
    {
        using var scope = NewDisposeScope();
        var failing = new OneRun(fixture.Concept("my-cat", Cat), Cat)
        {
            OnStep = step =>
            {
                if (step.Step == 2)
                    throw new TextualInversionException("no space left");
            },
        };
        var other = new OneRun(fixture.Concept(All[1].Sample, All[1].Options), All[1].Options);

        await Assert.ThrowsAsync<TextualInversionException>(() => RunTogetherAsync([failing, other], fixture.Model));

        Assert.Equal(2, failing.Steps.Count);
        Assert.Equal(All[1].Options.Steps, other.Steps[^1].Step);
    }

    [Fact]
    public async Task Run_InterruptedAndResumedTogether_GivesTheSameBytes()
    {
        using var scope = NewDisposeScope();
        var whole = All.Select(each => (each.Sample, Options: each.Options with { GradientAccumulationSteps = 1 }))
            .Select(each => new OneRun(fixture.Concept(each.Sample, each.Options), each.Options))
            .ToList();
        await RunTogetherAsync(whole, fixture.Model);
        using var cancellation = new CancellationTokenSource();
        var parts = whole.ConvertAll(run =>
            run with
            {
                Steps = [],
                StatePath = folder.File($"{run.Options.Seed}"),
                OnStep = step => CancelIn(step, cancellation),
                Token = cancellation.Token,
            }
        );
        await RunTogetherAsync(parts, fixture.Model);
        Assert.All(parts, part => Assert.Equal(2, part.Steps[^1].Step));

        var states = parts.ConvertAll(part => TrainState.Read(part.StatePath!));
        var resumed = whole.Zip(states, (run, state) => run with { Steps = [], ResumeFrom = state }).ToList();
        await RunTogetherAsync(resumed, fixture.Model);

        Assert.All(whole.Zip(resumed), pair => Assert.Equal(Rows(pair.First), Rows(pair.Second)));
        states.ForEach(state => state.Dispose());

        // All take their second step before the first of them asks for a third batch.
        static void CancelIn(TrainProgress step, CancellationTokenSource source)
        {
            if (step.Step == 2)
                source.Cancel();
        }
    }

    /// <summary>The model, which notes the number of images of each batch that is learned from.</summary>
    private FaultyModel Counting(List<long> batches) =>
        new(fixture.Model)
        {
            OnResult = prediction =>
            {
                if (is_grad_enabled())
                    batches.Add(prediction.shape[0]);
                return prediction;
            },
        };

    private void Run(OneRun run) => run.Execute(fixture, fixture.Model, member: null);

    private async Task RunTogetherAsync(
        IReadOnlyList<OneRun> runs,
        IDiffusionModel model,
        Action<IReadOnlyList<string>, int>? onTooLarge = null
    )
    {
        using var all = new ConceptsAtOnce { OnTooLarge = onTooLarge ?? ((_, _) => { }) };
        var members = runs.Select(_ => all.Join()).ToList();
        var tasks = runs.Zip(members)
            .Select(
                (pair, number) =>
                {
                    (pair.Second.Number, pair.Second.Name) = (number, pair.First.Concept.Words[0].Placeholder.Name);
                    return pair.Second.RunAsync(() =>
                    {
                        pair.First.Execute(fixture, model, pair.Second);
                        return Task.CompletedTask;
                    });
                }
            );
        await Task.WhenAll(tasks);
    }

    private static float[,] Rows(OneRun run) => run.Steps[^1].Rows[0];

    private static double Distance(float[,] first, float[,] second) =>
        Math.Sqrt(first.Cast<float>().Zip(second.Cast<float>(), (a, b) => Math.Pow((double)a - b, 2)).Sum());

    /// <summary>The training of one concept, with what it reported.</summary>
    private sealed record OneRun(Concept Concept, TrainOptions Options)
    {
        public List<TrainProgress> Steps { get; init; } = [];

        public Action<TrainProgress>? OnStep { get; init; }

        public string? StatePath { get; init; }

        public TrainState? ResumeFrom { get; init; }

        public CancellationToken Token { get; init; }

        public void Execute(ImageFixture fixture, IDiffusionModel model, ConceptsAtOnce.Member? member) =>
            new Trainer(model, fixture.Schedule, Options, member)
                .Run(
                    Concept,
                    ResumeFrom,
                    state =>
                    {
                        if (StatePath is not null)
                            state.Write(StatePath, new Dictionary<string, string>(), []);
                    },
                    new ImmediateProgress<TrainProgress>(step =>
                    {
                        OnStep?.Invoke(step);
                        Steps.Add(step);
                    }),
                    Token
                )
                .Dispose();
    }
}
