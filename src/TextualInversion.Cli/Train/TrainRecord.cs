using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Training;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary>What is said of a run when it is over.</summary>
internal sealed class TrainRecord(
    TrainSetup setup,
    TrainerResult result,
    TrainOutput output,
    TimeSpan duration,
    IReadOnlyList<TrainRecord>? seeds = null
)
{
    private readonly TrainSummary summary = new()
    {
        Embedding = output.EmbeddingPath,
        Run = output.RunPath,
        Placeholder = setup.Placeholder.Name,
        Vectors = setup.Options.Vectors,
        Model = setup.ModelName,
        Seed = setup.Options.Seed,
        Steps = result.Steps,
        StoppedEarly = result.End != TrainingEnd.Completed,
        BestStep = result.BestStep,
        Loss = result.Loss,
        Validation = result.Validation,
        StepMedianSeconds = result.StepMedianSeconds,
        Seconds = duration.TotalSeconds,
        PeakMemoryBytes = ProcessMemory.PeakBytes(),
        Seeds = seeds?.Select(each => each.AsSeed),
    };

    public ulong Seed { get; } = setup.Options.Seed;

    public TrainingEnd End { get; } = result.End;

    public int Steps { get; } = result.Steps;

    public int BestStep { get; } = result.BestStep;

    public ValidationSummary? Validation { get; } = result.Validation;

    private object AsSeed =>
        new
        {
            summary.Seed,
            summary.Embedding,
            summary.Run,
            End,
            summary.Steps,
            summary.BestStep,
            summary.Loss,
            summary.Validation,
            summary.Seconds,
        };

    /// <summary>The same for the whole of several seeds, of which this one was chosen.</summary>
    /// <param name="all">in their order, this one among them</param>
    /// <param name="whole">the files of the whole</param>
    /// <param name="total">how long all took</param>
    public TrainRecord AsChosen(IReadOnlyList<TrainRecord> all, TrainOutput whole, TimeSpan total) =>
        new(setup, result, whole, total, all);

    /// <summary>The document of <c>--json</c>.</summary>
    public string Summary => JsonOutput.Serialize(summary);

    /// <summary><c>run.json</c>: everything that is needed to understand and repeat the run.</summary>
    /// <param name="device">where it was computed</param>
    /// <param name="recomputes">whether with gradient checkpointing</param>
    /// <param name="command">the arguments that repeat it</param>
    public string DisplayPath(string device, bool recomputes, IReadOnlyList<string> command) =>
        JsonOutput.Serialize(
            new
            {
                Result = summary,
                result.End,
                Command = command.Prepend("train"),
                setup.Options,
                Initializer = setup.Start.File is null
                    ? (object)
                        new
                        {
                            setup.Start.Words.Phrase,
                            Tokens = setup.Start.Words.Pieces,
                            setup.Start.Found,
                        }
                    : new { setup.Start.File, Sha256 = setup.Start.FileSha256 },
                Images = setup.Images.Select(
                    (image, index) =>
                        new
                        {
                            image.Path,
                            image.Sha256,
                            Width = image.OriginalWidthPixels,
                            Height = image.OriginalHeightPixels,
                            LearnedWidth = image.Pixels.WidthPixels,
                            LearnedHeight = image.Pixels.HeightPixels,
                            image.Repeats,
                            Mask = image.Mask?.Path,
                            MaskSha256 = image.Mask?.Sha256,
                            HeldOut = setup.Options.HoldOut && index == setup.Images.Count - 1,
                            Prompt = setup.Prompts.Descriptions(setup.Placeholder)[index],
                        }
                ),
                Rows = result.Learned,
                result.VocabularyNorms,
                result.BaseWeights,
                Device = device,
                setup.Precision,
                GradientCheckpointing = recomputes,
                Threads = get_num_threads(),
                Versions = new
                {
                    TiRunner = Versions.Of(typeof(TrainRecord)),
                    TorchSharp = Versions.Of(typeof(TorchSharp.torch)),
                    DotNet = Environment.Version.ToString(),
                },
            }
        );
}
