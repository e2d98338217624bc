using System.Diagnostics;
using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Native;
using TextualInversion.Training;
using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion.GpuCheck;

/// <summary>Runs one check in this process and writes its result.</summary>
internal sealed class SingleCheck
{
    private static readonly TrainOptions Options = new()
    {
        Vectors = 2,
        BatchSize = 1,
        Flip = false,
        ValidateEvery = 0,
        Seed = 1,
        CheckpointInterval = 0,
    };

    private readonly CheckOptions options;
    private readonly Check check;
    private readonly Device device;

    private SingleCheck(CheckOptions options, Check check)
    {
        (this.options, this.check) = (options, check);
        device = options.Start();
    }

    /// <returns>The exit code.</returns>
    /// <exception cref="TextualInversionException">There is no such check or device.</exception>
    public static int Run(CheckOptions options, string name)
    {
        var check =
            Check.All(options).FirstOrDefault(each => each.Name == name)
            ?? throw new TextualInversionException($"There is no check {name}.");
        new SingleCheck(options, check).Run().Write(AllChecks.FileOf(options, name));
        GC.Collect();
        GC.WaitForPendingFinalizers(); // before the exit handlers of libtorch
        return 0;
    }

    private CheckResult Run()
    {
        try
        {
            return check.Kind switch
            {
                CheckKind.Comparison => Compare(),
                CheckKind.Training => Train(),
                CheckKind.Speed => Measure(),
                _ => throw new ArgumentOutOfRangeException(nameof(check)),
            };
        }
        catch (Exception error) when (OutOfMemory.Is(error) || error is InsufficientMemoryException)
        {
            return CheckResult.OfTooLittleMemory();
        }
        catch (TextualInversionException error)
        {
            return new CheckResult { Problem = error.Message };
        }
    }

    private CheckResult Compare()
    {
        var (loss, gradient, image) = StepAndImage(CPU, Precision.Fp32);
        var (otherLoss, otherGradient, otherImage) = StepAndImage(device, check.Precision);
        var distance = Norm(gradient.Zip(otherGradient, (x, y) => x - y));
        var bytes = image.Pixels.Zip(otherImage.Pixels, (x, y) => (double)Math.Abs(x - y));
        return new CheckResult
        {
            LossDifference = Math.Abs(otherLoss - loss) / loss,
            GradientDifference = distance / Norm(gradient),
            PixelDifference = bytes.Average(),
        };
    }

    private (double Loss, float[] Gradient, RgbImage Image) StepAndImage(Device where, Precision precision)
    {
        using var scope = NewDisposeScope();
        using var input = new TrainingInput(Demo(), where, precision, Options with { BatchSize = 4 });
        using var learner = new Learner(input.Model, input.Schedule, input.Concept, input.Options);
        var loss = learner.Forward(input.Batches.Sample(0L));
        learner.Backward(loss);
        var mean = learner.ClipGradients([loss]).Loss; // divides by the loss scale of float16
        float[] gradient = [.. learner.Gradients.SelectMany(HostCopy.Floats)];
        return (mean, gradient, input.Generate(options.ImageSteps));
    }

    private CheckResult Train()
    {
        var steps = options.IsTiny ? 4 : 300;
        var own = Options with { BatchSize = 4, Steps = steps, ValidateEvery = steps / 2, Patience = 0 };
        var precision = PrecisionChoice.Resolve(check.Precision, device);
        using var memory = new PeakMemory(device);
        using var input = new TrainingInput(Demo(), device, precision, own);
        using var result = new Trainer(input.Model, input.Schedule, own).Run(
            input.Concept,
            resumeFrom: null,
            _ => { },
            new Progress<TrainProgress>(),
            CancellationToken.None
        );
        return new CheckResult
        {
            Problem = result.End == TrainingEnd.Completed ? null : $"ended as {result.End}",
            InitialLoss = result.Validation!.Initial,
            BestLoss = result.Validation.Best,
            StepSeconds = result.StepMedianSeconds,
            PeakBytes = memory.Bytes,
        };
    }

    private CheckResult Measure()
    {
        var checkpointing = check.Checkpointing ? GradientCheckpointing.On : GradientCheckpointing.Off;
        using var memory = new PeakMemory(device);
        using var input = new TrainingInput(
            options.IsTiny ? Tiny() : RandomModel.Create(check.Model),
            device,
            check.Precision,
            Options with
            {
                GradientCheckpointing = checkpointing,
            }
        );
        var trial = TrainingTrial.Run(input.Model, input.Schedule, input.Options, input.Concept, default);
        var peak = memory.Bytes;
        if (check.Checkpointing)
            return new CheckResult { StepSeconds = trial.StepSeconds, PeakBytes = peak }; // images do not differ
        input.Generate(steps: 2); // pays for initialization
        var clock = Stopwatch.StartNew();
        input.Generate(options.ImageSteps);
        return new CheckResult
        {
            StepSeconds = trial.StepSeconds,
            PeakBytes = peak,
            ImageSeconds = clock.Elapsed.TotalSeconds,
        };
    }

    private static ModelFolder Demo() => new(Path.Combine(CheckOptions.Repository, "samples", "demo-model"));

    private ModelFolder Tiny() =>
        check.Model == "sdxl"
            ? new ModelFolder(Path.Combine(CheckOptions.Repository, "tests", "goldens", "models", "sdxl"))
            : Demo();

    private static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(value => (double)value * value));
}
