using System.CommandLine;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;

namespace TextualInversion.Cli.Bench;

/// <summary><c>ti bench</c>: how fast this machine trains, and where the time goes.</summary>
internal sealed class BenchCommand : CommandBase
{
    private const int MostSteps = 10_000,
        LargestBatch = 1024,
        MostSamplingSteps = 1000;

    private readonly PathOption model = new ModelOptions("none; --size decides").Model;
    private readonly OptionalChoiceOption<ModelSize> size = new("--size")
    {
        Description =
            "Measure random weights of the size of Stable Diffusion 1.5 (sd15), 2.1 (sd21) or XL (sdxl), which take "
            + "the time and the memory of the real ones. They are written in fp16 into the system's temporary folder "
            + "(2.1, 2.6 or 6.9 GB) and deleted afterwards. Default: sd15, unless --model is given.",
    };
    private readonly OptionalNumberOption<int> resolution = new("--resolution")
    {
        HelpName = "N",
        Description = "Side of the images in pixels, a multiple of 8, 8 to 4096. Default: the model's.",
    };
    private readonly NumberOption<int> batch = new("--batch")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = LargestBatch,
        Description = "Images in a training step. Default: 1.",
        DefaultValueFactory = _ => 1,
    };
    private readonly NumberOption<int> steps = new("--steps")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = MostSteps,
        Description =
            "Training steps to measure, after a first one that is measured apart. The median is shown. Default: 5.",
        DefaultValueFactory = _ => 5,
    };
    private readonly OptionalNumberOption<int> generateSteps = new("--generate-steps")
    {
        HelpName = "N",
        Minimum = 1,
        Maximum = MostSamplingSteps,
        Description = "Also measure the generation of an image with guidance, in so many steps. Default: do not.",
    };
    private readonly Option<string> device = SharedOptions.Device();
    private readonly ChoiceOption<Precision> precision = SharedOptions.Precision();
    private readonly PathOption libtorch = SharedOptions.Libtorch();
    private readonly Option<bool> quiet = SharedOptions.Quiet();
    private readonly Option<bool> json = SharedOptions.Json();

    /// <param name="models">Finds models.</param>
    public BenchCommand(ModelLocator models)
        : base(
            "bench",
            "Measure training on this machine: loading, the step and its parts, the U-Net alone, the share of the "
                + "speed of a matrix product that is reached, and the peak memory."
        )
    {
        Checks.Add(result =>
            result.GetResult(model) is not null && result.GetResult(size) is not null
                ? ["--model and --size: give one of them; --size measures random weights instead of a model."]
                : []
        );
        AddGroup("Model", size, model);
        AddGroup("Work", resolution, batch, steps, generateSteps);
        AddGroup("Machine", device, precision, libtorch);
        AddGroup("Output", quiet, json);
        SetAction((parsed, cancellationToken) => RunAsync(parsed, models, cancellationToken));
    }

    public override IReadOnlyList<string> Examples =>
        ["ti bench --model demo", "ti bench --model demo --steps 3 --json"];

    private async Task<int> RunAsync(ParseResult parsed, ModelLocator models, CancellationToken cancellationToken)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var messages = new ConsoleLog(error, parsed.GetValue(quiet));
        var (where, exact) = ModelLoader.Resolve(parsed.GetValue(device)!, parsed.GetValue(precision));
        var options = new TrainOptions
        {
            Resolution = parsed.GetValue(resolution),
            BatchSize = parsed.GetValue(batch),
            Flip = false,
            ValidateEvery = 0,
            CheckpointInterval = 0,
            Seed = 1,
        };
        options.Validate();
        var plan = new BenchPlan(where, exact, options, parsed.GetValue(steps), parsed.GetValue(generateSteps));
        var result = parsed.GetValue(model) is { } name
            ? await MeasureAsync(new ModelRequest(name), models, plan, messages, cancellationToken)
            : MeasureRandom(parsed.GetValue(size) ?? ModelSize.Sd15, plan, messages, cancellationToken);
        if (parsed.GetValue(json))
            output.WriteLine(JsonOutput.Serialize(result));
        else
            BenchTable.Write(output, result);
        return ExitCode.Done;
    }

    private static async Task<BenchResult> MeasureAsync(
        ModelRequest request,
        ModelLocator models,
        BenchPlan plan,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var (name, files) = await models.FindAsync(request, recorded: null, messages, cancellationToken);
        return Benchmark.Run(name, files, plan, messages, cancellationToken);
    }

    private static BenchResult MeasureRandom(
        ModelSize size,
        BenchPlan plan,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        using var random = RandomModel.Write(size, plan, messages, cancellationToken);
        return Benchmark.Run(random.Name, random.Files, plan, messages, cancellationToken);
    }
}
