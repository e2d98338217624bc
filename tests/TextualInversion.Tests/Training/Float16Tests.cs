using TextualInversion.Native;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>Training with a U-Net in float16 and the loss scaling that it needs. On the CPU it is only slow.</summary>
[Trait("Category", Goldens.Category)]
public sealed class Float16Tests : IDisposable
{
    private const double TooLarge = 1e30; // the loss of such a prediction is no float32
    private static readonly TrainOptions Options = new()
    {
        Vectors = 2,
        Steps = 4,
        BatchSize = 1,
        ValidateEvery = 0,
        Seed = 1,
        EmaDecay = 0.9,
    };

    private readonly List<TrainProgress> progress = [];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Run_Float16_LearnsNearlyWhatFloat32Does()
    {
        using var exact = Run("exact", ScalarType.Float32, overflowAt: []);
        using var half = Run("half", ScalarType.Float16, overflowAt: []);

        Assert.Equal(TrainingEnd.Completed, half.End);
        Assert.Equal(exact.Loss, half.Loss, 0.02 * exact.Loss);
        Assert.Equal(ScalarType.Float32, half.LastRows[0].dtype);
    }

    [Fact]
    public void Run_StepThatOverflows_IsSkippedAndHalvesTheScale()
    {
        using var result = Run("run", ScalarType.Float16, overflowAt: [2]);

        Assert.Equal((TrainingEnd.Completed, 4), (result.End, result.Steps));
        Assert.Equal(progress[1].Rows[0], progress[2].Rows[0]);
        Assert.NotEqual(progress[2].Rows[0], progress[3].Rows[0]);
        Assert.False(double.IsFinite(progress[2].GradientNorm!.Value));
        Assert.Equal((0.0, true), (progress[2].LearningRate, double.IsFinite(result.Loss)));
        using var state = TrainState.Read(folder.File("run"));
        Assert.Equal([32_768, 2, 1], state.Tensors[StateNames.LossScale].data<double>().ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_ResumedAcrossASkippedStep_GivesTheSameBytes(int interrupted)
    {
        Run("whole", ScalarType.Float16, overflowAt: [2]).Dispose();
        Run("part", ScalarType.Float16, overflowAt: [2], stopAfter: interrupted).Dispose();
        using (var state = TrainState.Read(folder.File("part")))
        {
            Assert.Equal(interrupted, state.Step);
            Run("part", ScalarType.Float16, overflowAt: [2], resumeFrom: state).Dispose();
        }

        Assert.Equal(File.ReadAllBytes(folder.File("whole")), File.ReadAllBytes(folder.File("part")));
    }

    [Fact]
    public void Run_EveryStepOverflows_DivergesAtTheSmallestScale()
    {
        using var result = Run("run", ScalarType.Float16, overflowAt: [.. Enumerable.Range(1, 40)], steps: 40);

        Assert.Equal((TrainingEnd.Diverged, 16), (result.End, result.Steps));
        Assert.Equal(progress[0].Rows[0], RowValues.FromTensor(result.LastRows[0]));
    }

    [Fact]
    public void Run_StateOfFloat32_IsRefused()
    {
        Run("exact", ScalarType.Float32, overflowAt: []).Dispose();
        using var state = TrainState.Read(folder.File("exact"));

        Assert.Throws<TextualInversionException>(() => Run("half", ScalarType.Float16, [], resumeFrom: state));
    }

    private TrainerResult Run(
        string name,
        ScalarType type,
        int[] overflowAt,
        int? stopAfter = null,
        int steps = 4,
        TrainState? resumeFrom = null
    )
    {
        progress.Clear();
        using var scope = NewDisposeScope();
        using var cancellation = new CancellationTokenSource();
        var options = Options with { Steps = steps };
        using var fixture = new ImageFixture(options, type: type);
        using var model = new FaultyModel(fixture.Model);
        var step = resumeFrom?.Step ?? 0;
        model.OnResult = prediction => overflowAt.Contains(step + 1) ? prediction.Times(TooLarge) : prediction;
        var initial = model.Vocabularies.Select(vocabulary => vocabulary[7].expand(options.VectorCount, -1)).ToList();
        var concept = new Concept(fixture.Placeholder, initial, fixture.Images, fixture.Prompts);
        return new Trainer(model, fixture.Schedule, options).Run(
            concept,
            resumeFrom,
            state => state.Write(folder.File(name), new Dictionary<string, string>(), []),
            new ImmediateProgress<TrainProgress>(Record),
            cancellation.Token
        );

        void Record(TrainProgress at)
        {
            progress.Add(at);
            step = at.Step;
            if (at.Step == stopAfter)
                cancellation.Cancel();
        }
    }
}
