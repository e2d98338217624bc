using System.Text.Json;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Runs;
using TextualInversion.Training;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train;

/// <summary>Makes the record of a run.</summary>
/// <param name="model">The model that was trained on.</param>
/// <param name="setup">What was trained.</param>
/// <param name="output">The run's files.</param>
internal sealed class RunRecorder(TrainModel model, TrainSetup setup, TrainOutput output)
{
    /// <param name="result">What was learned.</param>
    /// <param name="duration">The duration of everything, loading included.</param>
    /// <param name="command">The arguments that repeat the run, after <c>ti train</c>.</param>
    /// <param name="extendedAfter">The step after which the run was extended, or null if it was not.</param>
    public RunRecord Record(
        TrainerResult result,
        TimeSpan duration,
        IReadOnlyList<string> command,
        int? extendedAfter
    ) =>
        new()
        {
            Result = Summary(result, duration),
            End = result.End,
            Command = [TrainCommand.CommandName, .. command],
            Options = JsonOutput.ToElement(setup.Options).EnumerateObject().ToDictionary(Name, option => option.Value),
            Initializer = Initializer(setup.Start),
            Images = [.. setup.Images.Select((_, index) => Image(index))],
            Rows = result.Learned,
            VocabularyNorms = result.VocabularyNorms,
            FrozenWeights = result.FrozenWeights,
            Loras = setup.Loras.Count == 0 ? null : [.. setup.Loras.Select(each => RunLora.Of(each.Lora, each.Sha256))],
            Device = model.Network.Device.ToString(),
            Precision = JsonNamingPolicy.CamelCase.ConvertName(setup.Precision.ToString()),
            GradientCheckpointing = model.UsesGradientCheckpointing,
            Threads = get_num_threads(),
            ExtendedAfterStep = extendedAfter,
            Versions = new Dictionary<string, string>
            {
                ["ti"] = Versions.Of(typeof(RunRecorder)),
                ["torchSharp"] = Versions.Of(typeof(TorchSharp.torch)),
                ["dotNet"] = Environment.Version.ToString(),
            },
        };

    private TrainSummary Summary(TrainerResult result, TimeSpan duration) =>
        new()
        {
            Embedding = output.EmbeddingPath,
            Run = output.RunPath,
            Placeholder = setup.Placeholder.Name,
            Vectors = setup.Placeholder.Vectors,
            Words = setup.Words.Count == 1 ? null : [.. setup.Words.Zip(output.EmbeddingPaths, Word)],
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
        };

    private WordSummary Word(TrainWord word, string embedding) =>
        new(
            word.Placeholder.Name,
            embedding,
            word.Placeholder.Vectors,
            word.LearningRate ?? setup.Options.LearningRate,
            Initializer(word.Start)
        );

    private static RunInitializer Initializer(InitialEmbedding start) =>
        start.File is null
            ? new RunInitializer(start.Words.Phrase, start.Words.Pieces, start.Found)
            : new RunInitializer(File: start.File, Sha256: start.FileSha256);

    private RunImage Image(int index)
    {
        var image = setup.Images[index];
        return new RunImage(
            image.Path,
            image.Sha256,
            image.OriginalWidthPixels,
            image.OriginalHeightPixels,
            setup.Prompts.Descriptions(setup.Placeholder)[index],
            HeldOut: setup.Options.HoldOut && index == setup.Images.Count - 1
        )
        {
            LearnedWidth = image.Pixels.WidthPixels,
            LearnedHeight = image.Pixels.HeightPixels,
            Repeats = image.Repeats,
            Mask = image.Mask?.Path,
            MaskSha256 = image.Mask?.Sha256,
        };
    }

    private static string Name(JsonProperty option) => option.Name;
}
