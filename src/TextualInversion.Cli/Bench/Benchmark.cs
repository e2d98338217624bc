using System.Diagnostics;
using TextualInversion.Checkpoints;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Data;
using TextualInversion.Training.Estimates;

namespace TextualInversion.Cli.Bench;

/// <summary>Measures a model in the order in which a training uses it.</summary>
internal sealed class Benchmark : IDisposable
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly PeakMemory memory;
    private readonly IModelFiles files;
    private readonly BenchPlan plan;
    private readonly ConsoleLog messages;
    private readonly CancellationToken cancellationToken;
    private readonly NoiseSchedule schedule;
    private readonly TimedModel model;
    private readonly double openSeconds;

    private Benchmark(IModelFiles files, BenchPlan plan, ConsoleLog messages, CancellationToken cancellationToken)
    {
        (this.files, this.messages, this.cancellationToken) = (files, messages, cancellationToken);
        memory = new PeakMemory(plan.Device);
        schedule = new NoiseSchedule(ModelScheduler.Load(files, prediction: null));
        model = new TimedModel(ModelLoader.Open(files, plan.Device, plan.Precision));
        MemoryChoice.Of(plan.Options, files, plan.Device, plan.Type).ApplyTo(model);
        model.WaitForDevice();
        openSeconds = clock.Elapsed.TotalSeconds;
        var resolution = plan.Options.Resolution ?? model.Latents.Resolution;
        this.plan = plan with { Options = plan.Options with { Resolution = resolution } };
    }

    private int Resolution => plan.Options.Resolution!.Value;

    /// <summary>Opens a model and measures it.</summary>
    /// <param name="name">The model's name, for the result.</param>
    /// <param name="files">The model.</param>
    /// <param name="plan">What to measure.</param>
    /// <param name="messages">Says what is measured.</param>
    /// <param name="cancellationToken">Checked before each step.</param>
    /// <exception cref="TextualInversionException">A file of the model is missing, damaged or of another
    /// model.</exception>
    /// <exception cref="OperationCanceledException">The measurement was canceled.</exception>
    public static BenchResult Run(
        string name,
        IModelFiles files,
        BenchPlan plan,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        messages.Info($"opening {name}");
        using var benchmark = new Benchmark(files, plan, messages, cancellationToken);
        return benchmark.Run(name);
    }

    public void Dispose()
    {
        model.Dispose();
        memory.Dispose();
    }

    private BenchResult Run(string name)
    {
        messages.Info("encoding an image");
        var vaeSeconds = Measure(() => _ = model.Latents.VaeEncoder);
        var image = new TrainingImage("noise", Noise(Resolution), "", Resolution, Resolution, Caption: null);
        using var latents = new LatentDataset(model, [image], plan.Options, cancellationToken);
        var encodeSeconds = model.Seconds(ModelWork.EncodeImages);
        messages.Info("loading the U-Net");
        var unetSeconds = Measure(() => _ = model.Latents.UNet);
        using var steps = new BenchSteps(model, schedule, latents, image, plan);
        messages.Info("first step");
        var first = steps.Take(number: 0);
        var start = new StartTimes(
            openSeconds,
            vaeSeconds,
            unetSeconds,
            encodeSeconds,
            first.Seconds,
            clock.Elapsed.TotalSeconds
        );
        var step = Median(steps);
        var peak = memory.Bytes; // of the training, before anything else is computed
        messages.Info("the U-Net alone");
        var bare = new BareUNet(model, steps, plan).Run(cancellationToken);
        var device = DeviceReport.All().FirstOrDefault(each => each.Name == DeviceName);
        return new BenchResult(
            name,
            DeviceName,
            device?.Product ?? DeviceName,
            plan.Precision,
            Resolution,
            plan.Options.BatchSize,
            plan.Steps,
            model.Latents.UsesGradientCheckpointing,
            start,
            step,
            bare,
            Count(step),
            peak,
            plan.GenerateSteps is { } sampling ? Generate(sampling) : null
        );
    }

    /// <summary>The name of the device as <c>ti devices</c> lists it.</summary>
    private string DeviceName =>
        plan.Device.type == TorchSharp.DeviceType.CUDA
            ? $"cuda:{Math.Max(plan.Device.index, 0)}"
            : plan.Device.type.ToString().ToLowerInvariant();

    private StepTimes Median(BenchSteps steps)
    {
        var times = new List<StepTimes>();
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "step");
        for (var number = 1; number <= plan.Steps; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            times.Add(steps.Take(number));
            display.Show(number, plan.Steps, "");
        }

        // One step, so that its parts add up to it.
        return times.OrderBy(each => each.Seconds).ElementAt((times.Count - 1) / 2);
    }

    private OperationCounts Count(StepTimes step)
    {
        messages.Info("matrix product");
        var matrix = MatrixProduct.OperationsPerSecond(plan.Device, plan.Type, model.WaitForDevice, cancellationToken);
        var flops = UNetFlops.Of(
            files.Weights("unet"),
            model.Latents.UNetConfig.BlockOutChannels.Count,
            Resolution / model.Latents.PixelsPerCell,
            model.Tokenizers[0].MaxLength
        );
        var batch = plan.Options.BatchSize;
        return new OperationCounts(
            batch * flops.Forward,
            batch * flops.Backward,
            batch * flops.Step / step.Seconds,
            matrix
        );
    }

    private GenerationTimes Generate(int sampling)
    {
        messages.Info("generating an image");
        var images = new BenchImages(model, schedule.Config, Resolution);
        images.Generate(steps: 1, cancellationToken); // pays for initialization
        return new GenerationTimes(sampling, Measure(() => images.Generate(sampling, cancellationToken)));
    }

    private double Measure(Action work)
    {
        cancellationToken.ThrowIfCancellationRequested();
        model.WaitForDevice();
        var own = Stopwatch.StartNew();
        work();
        model.WaitForDevice();
        return own.Elapsed.TotalSeconds;
    }

    private static RgbImage Noise(int side)
    {
        var pixels = new byte[3 * side * side];
        new Random(Seed: 1).NextBytes(pixels);
        return new RgbImage(pixels, side, side);
    }
}
