using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>A training in which memory runs out.</summary>
[Trait("Category", Goldens.Category)]
[SuppressMessage("Usage", "CA2201", Justification = "This is what TorchSharp throws.")]
public sealed class OutOfMemoryTests : IDisposable
{
    private const string OnTheCpu =
        "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate "
        + "memory: you tried to allocate 20971520 bytes. Error code 12 (Cannot allocate memory)";
    private const string OnAGpu = "CUDA out of memory. Tried to allocate 20.00 MiB.";

    private static readonly TrainOptions Options = new()
    {
        Vectors = 2,
        Steps = 3,
        BatchSize = 2,
        GradientAccumulationSteps = 2,
        ValidateEvery = 0,
        Seed = 1,
    };

    private readonly List<TrainProgress> progress = [];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, bool, int> Failures =>
        new()
        {
            // the message, whether it is in the backward pass, and in which call
            { OnTheCpu, false, 1 },
            { OnAGpu, false, 4 }, // the second batch of the second step: the first one's gradients are there already
            { OnTheCpu, true, 1 },
            { OnAGpu, true, 4 },
        };

    [Theory]
    [MemberData(nameof(Failures))]
    public void Run_CheckpointingAuto_RepeatsTheStepWithItAndGivesTheSameBytes(
        string message,
        bool inBackward,
        int call
    )
    {
        using var whole = Run(GradientCheckpointing.Auto, (_, _) => { });
        Assert.All(progress, step => Assert.False(step.GradientCheckpointing));

        using var repeated = Run(GradientCheckpointing.Auto, FailOnce(message, inBackward, call));

        Assert.Equal(TrainingEnd.Completed, repeated.End);
        Assert.Equal(RowValues.FromTensor(whole.LastRows[0]), RowValues.FromTensor(repeated.LastRows[0]));
        Assert.Equal(whole.Loss, repeated.Loss);
        Assert.Equal(
            [.. Enumerable.Range(0, 4).Select(step => step >= (call + 1) / 2)],
            progress.Select(step => step.GradientCheckpointing)
        );
    }

    [Theory]
    [InlineData(GradientCheckpointing.Off, false)]
    [InlineData(GradientCheckpointing.Off, true)]
    [InlineData(GradientCheckpointing.On, false)]
    [InlineData(GradientCheckpointing.On, true)]
    public void Run_CheckpointingChosen_SavesTheStateFromWhichItIsResumedExactly(
        GradientCheckpointing checkpointing,
        bool inBackward
    )
    {
        using var whole = Run(checkpointing, (_, _) => { });

        Assert.Throws<InsufficientMemoryException>(() => Run(checkpointing, FailOnce(OnAGpu, inBackward, call: 4)));
        using var state = TrainState.Read(folder.File("state.safetensors"));
        using var resumed = Run(GradientCheckpointing.On, (_, _) => { }, state);

        Assert.Equal(1, state.Step);
        Assert.Equal(RowValues.FromTensor(whole.LastRows[0]), RowValues.FromTensor(resumed.LastRows[0]));
        Assert.Equal(whole.Loss, resumed.Loss);
    }

    [Fact]
    public void Run_RunsOutWithCheckpointingToo_SavesTheState()
    {
        Assert.Throws<InsufficientMemoryException>(() =>
            Run(GradientCheckpointing.Auto, (model, _) => model.OnPredict = () => throw new ExternalException(OnAGpu))
        );
        using var state = TrainState.Read(folder.File("state.safetensors"));
        Assert.Equal(0, state.Step);
    }

    [Fact]
    public void Run_RunsOutInAValidation_ThrowsWithoutAHalfState()
    {
        var options = Options with { ValidateEvery = 2, GradientCheckpointing = GradientCheckpointing.Auto };

        Assert.Throws<InsufficientMemoryException>(() => Run(options, FailInValidation));
        using var state = TrainState.Read(folder.File("state.safetensors"));
        Assert.Equal(0, state.Step);

        void FailInValidation(FaultyModel model, Func<int> stepsDone) =>
            model.OnPredict = () =>
            {
                if (stepsDone() == 1 && !is_grad_enabled())
                    throw new ExternalException(OnTheCpu);
            };
    }

    [Fact]
    public void Run_AnotherProblem_IsNotTakenForMemory()
    {
        var thrown = new ExternalException("expected scalar type Float but found Half");

        var caught = Assert.Throws<ExternalException>(() =>
            Run(GradientCheckpointing.Auto, (model, _) => model.OnBackward = () => throw thrown)
        );

        Assert.Same(thrown, caught);
    }

    private static Action<FaultyModel, Func<int>> FailOnce(string message, bool inBackward, int call)
    {
        var calls = 0;
        return (model, _) =>
        {
            if (inBackward)
                model.OnBackward = Count;
            else
                model.OnPredict = Count;
        };

        void Count()
        {
            if (++calls == call)
                throw new ExternalException(message);
        }
    }

    private TrainerResult Run(
        GradientCheckpointing checkpointing,
        Action<FaultyModel, Func<int>> prepare,
        TrainState? resumeFrom = null
    ) => Run(Options with { GradientCheckpointing = checkpointing }, prepare, resumeFrom);

    private TrainerResult Run(
        TrainOptions options,
        Action<FaultyModel, Func<int>> prepare,
        TrainState? resumeFrom = null
    )
    {
        progress.Clear();
        using var scope = NewDisposeScope();
        using var fixture = new ImageFixture(options);
        using var model = new FaultyModel(fixture.Model);
        model.Latents.UsesGradientCheckpointing = options.GradientCheckpointing == GradientCheckpointing.On;
        prepare(model, () => progress.Count - 1);
        var initial = model.Vocabularies.Select(vocabulary => vocabulary[7].expand(options.VectorCount, -1)).ToList();
        var concept = new Concept(fixture.Placeholder, initial, fixture.Images, fixture.Prompts);
        return new Trainer(model, fixture.Schedule, options).Run(
            concept,
            resumeFrom,
            state => state.Write(folder.File("state.safetensors"), new Dictionary<string, string>(), []),
            new ImmediateProgress<TrainProgress>(progress.Add),
            default
        );
    }
}
