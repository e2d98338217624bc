using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

[Trait("Category", Goldens.Category)]
public sealed class TrainerTests : IDisposable
{
    private static readonly TrainOptions Options = new()
    {
        Vectors = 2,
        Steps = 3,
        BatchSize = 2,
        ValidateEvery = 2,
        CheckpointInterval = 2,
        Seed = 1,
    };

    private readonly List<TrainProgress> progress = [];
    private readonly List<int> saved = [];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Run_ThreeSteps_ReportsEachAndSavesBeforeDuringAndAfter()
    {
        using var fixture = new ImageFixture(Options);

        using var result = Run(fixture, Options);

        Assert.Equal(TrainingEnd.Completed, result.End);
        Assert.Equal([0, 1, 2, 3], progress.Select(step => step.Step));
        Assert.Equal([true, false, true, true], progress.Select(step => step.ValidationLoss is not null));
        Assert.Equal([false, true, true, true], progress.Select(step => step.Loss is not null));
        Assert.All(progress, step => Assert.Equal(3, step.Steps));
        Assert.All(progress, step => Assert.Equal((2, 32), (step.Rows[0].GetLength(0), step.Rows[0].GetLength(1))));
        Assert.NotEqual(progress[1].Rows[0], progress[2].Rows[0]); // copies, not the current vectors
        Assert.Equal([0, 2, 3], saved);
        Assert.Equal(3, result.Steps);
        Assert.Equal(progress[^1].Rows[0], RowValues.FromTensor(result.LastRows[0]));
        Assert.All(result.FrozenWeights.Values, hash => Assert.Equal(hash.Before, hash.After));
        Assert.Equal(progress[0].ValidationLoss, result.Validation!.Initial);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Direction)]
    [InlineData(OptimizerKind.Prodigy)]
    public void Run_ResumedAfterTwoSteps_GivesTheSameBytes(OptimizerKind optimizer)
    {
        var options = Options with { Steps = 4, Optimizer = optimizer };
        using var fixture = new ImageFixture(options);
        using var whole = Run(fixture, options);
        using var cancellation = new CancellationTokenSource();

        using var part = Run(fixture, options, onSave: Write, onStep: CancelAfterTheSecond, token: cancellation.Token);
        using var state = TrainState.Read(folder.File("state.safetensors"));
        using var resumed = Run(fixture, options, resumeFrom: state);

        Assert.Equal(TrainingEnd.Cancelled, part.End);
        Assert.Equal((2, 2), (part.Steps, state.Step));
        Assert.NotEqual(RowValues.FromTensor(part.LastRows[0]), RowValues.FromTensor(resumed.LastRows[0]));
        Assert.Equal(RowValues.FromTensor(whole.LastRows[0]), RowValues.FromTensor(resumed.LastRows[0]));
        Assert.Equal(RowValues.FromTensor(whole.Rows[0]), RowValues.FromTensor(resumed.Rows[0]));
        Assert.Equal(whole.Validation, resumed.Validation);
        Assert.Equal(whole.Loss, resumed.Loss);

        void Write(TrainState each) =>
            each.Write(folder.File("state.safetensors"), new Dictionary<string, string>(), []);
        void CancelAfterTheSecond(TrainProgress step)
        {
            if (step.Step == 2)
                cancellation.Cancel();
        }
    }

    [Fact]
    public void Run_Huber_TrainsOnItAndValidatesTheSquaredError()
    {
        using var fixture = new ImageFixture(Options);
        using var squared = Run(fixture, Options);
        var first = progress.Take(2).ToList();

        using var huber = Run(fixture, Options with { LossType = LossType.Huber });

        Assert.Equal(first[0].ValidationLoss, progress[0].ValidationLoss);
        Assert.True(progress[1].Loss < 0.9 * first[1].Loss);
        Assert.NotEqual(first[1].Rows[0], progress[1].Rows[0]);
    }

    [Fact]
    public void Run_CancelledBeforeTheFirstStep_KeepsTheInitialRows()
    {
        using var fixture = new ImageFixture(Options);

        using var result = Run(fixture, Options, token: new CancellationToken(canceled: true));

        Assert.Equal((TrainingEnd.Cancelled, 0), (result.End, result.Steps));
        Assert.Equal(progress.Single().Rows[0], RowValues.FromTensor(result.Rows[0]));
        Assert.Equal(0, result.StepMedianSeconds);
    }

    [Fact]
    public void Run_RateThatIsTooLarge_StopsEarlyWithTheBest()
    {
        var options = Options with { Steps = 9, LearningRate = 100, ValidateEvery = 1, Patience = 2 };
        using var fixture = new ImageFixture(options);

        using var result = Run(fixture, options);

        Assert.Equal(TrainingEnd.StoppedEarly, result.End);
        Assert.Equal(CoolDown.Find(result.Validations, options.Patience)?.End, result.Steps);
        Assert.Equal(progress[result.BestStep].Rows[0], RowValues.FromTensor(result.Rows[0]));
    }

    [Fact]
    public void Run_ExtendedAfterItStoppedEarly_TakesMoreSteps()
    {
        var options = Options with { Steps = 9, LearningRate = 100, ValidateEvery = 1, Patience = 2 };
        using var fixture = new ImageFixture(options);
        TrainState? last = null;
        using var stopped = Run(fixture, options, onSave: Copy);

        using var again = Run(fixture, options, resumeFrom: last);
        using var extended = Run(fixture, options with { Steps = 30 }, resumeFrom: last!.Extended());
        last.Dispose();

        Assert.Equal(stopped.Steps, again.Steps);
        Assert.True(extended.Steps >= stopped.Steps + 2);

        void Copy(TrainState state)
        {
            state.Write(folder.File("state.safetensors"), new Dictionary<string, string>(), []);
            last?.Dispose();
            last = TrainState.Read(folder.File("state.safetensors"));
        }
    }

    [Fact]
    public void Run_RateBeyondAllNumbers_DivergesAndKeepsTheRowsBefore()
    {
        var options = Options with { LearningRate = 1e30, WeightDecay = 1e30, Patience = 0 };
        using var fixture = new ImageFixture(options);

        using var result = Run(fixture, options);

        Assert.Equal(TrainingEnd.Diverged, result.End);
        Assert.All(result.LastRows.Concat(result.Rows), rows => Assert.True(rows.isfinite().all().item<bool>()));
    }

    [Fact]
    public void Run_OptionOutOfRange_NamesIt()
    {
        using var fixture = new ImageFixture(Options);

        var error = Assert.Throws<TextualInversionException>(() => Run(fixture, Options with { Steps = 0 }));

        Assert.Equal(nameof(TrainOptions.Steps), error.Parameter);
    }

    [Fact]
    public void Run_StateOfAnotherOptimizer_IsRefused()
    {
        using var fixture = new ImageFixture(Options);
        Run(fixture, Options, onSave: Write).Dispose();
        using var state = TrainState.Read(folder.File("state.safetensors"));

        Assert.Throws<TextualInversionException>(() =>
            Run(fixture, Options with { Optimizer = OptimizerKind.Direction }, resumeFrom: state)
        );

        void Write(TrainState each) =>
            each.Write(folder.File("state.safetensors"), new Dictionary<string, string>(), []);
    }

    [Theory]
    [InlineData(256, 1, 4)] // four make up the cells of an image of 512 x 512 pixels
    [InlineData(256, 5, 5)] // at least the batch size
    [InlineData(32, 1, 20)] // all
    public void Validating_EachForwardPass_TellsTheExamplesThatAreMeasured(int resolution, int batch, int atOnce)
    {
        var options = Options with { BatchSize = batch, Steps = 1, Resolution = resolution };
        using var fixture = new ImageFixture(options, resolution: resolution);
        var calls = new List<(int Done, int Total)>();

        Run(fixture, options, onValidating: (done, total) => calls.Add((done, total))).Dispose();

        var total = calls[0].Total;
        var once = Enumerable.Range(0, total).Where(done => done % atOnce == 0).Select(done => (done, total)).ToList();
        Assert.Equal([.. once, .. once, .. once], calls); // without prompts, before the step, and after it
    }

    [Fact]
    public void Validating_CanceledBeforeTheFirstStep_EndsTheRunWithoutAState()
    {
        using var fixture = new ImageFixture(Options);

        Assert.Throws<OperationCanceledException>(() =>
            Run(fixture, Options, onValidating: (_, _) => throw new OperationCanceledException())
        );

        Assert.Empty(saved);
    }

    private TrainerResult Run(
        ImageFixture fixture,
        TrainOptions options,
        TrainState? resumeFrom = null,
        Action<TrainState>? onSave = null,
        Action<TrainProgress>? onStep = null,
        Action<int, int>? onValidating = null,
        CancellationToken token = default
    )
    {
        progress.Clear();
        saved.Clear();
        using var scope = NewDisposeScope();
        var initial = fixture
            .Model.Vocabularies.Select(vocabulary => vocabulary[7].expand(options.VectorCount, -1))
            .ToList();
        var concept = new Concept(fixture.Placeholder, initial, fixture.Images, fixture.Prompts);
        return new Trainer(fixture.Model, fixture.Schedule, options) { Validating = onValidating }.Run(
            concept,
            resumeFrom,
            Save,
            new ImmediateProgress<TrainProgress>(Step),
            token
        );

        void Save(TrainState state)
        {
            saved.Add(state.Step);
            onSave?.Invoke(state);
        }

        void Step(TrainProgress step)
        {
            progress.Add(step);
            onStep?.Invoke(step);
        }
    }
}
