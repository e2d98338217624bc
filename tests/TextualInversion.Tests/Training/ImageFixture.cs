using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Tests.Fixtures;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Stopping;
using static TorchSharp.torch;

namespace TextualInversion.Tests.Training;

/// <summary>A small model with the five images of a cat as latents.</summary>
internal sealed class ImageFixture : IDisposable
{
    private readonly IReadOnlyList<TrainingImage> trained;
    private readonly List<LatentDataset> datasets = [];

    /// <param name="options">Batch size, vectors and seed.</param>
    /// <param name="folder">The model's folder. Default: the small random model.</param>
    /// <param name="type">The type in which the U-Net computes.</param>
    /// <param name="resolution">The side of the images in pixels.</param>
    /// <param name="device">Where to compute. Default: the CPU.</param>
    /// <param name="images">Other images, or null.</param>
    /// <param name="model">The model, if it is not a folder.</param>
    public ImageFixture(
        TrainOptions options,
        string? folder = null,
        ScalarType type = ScalarType.Float32,
        int resolution = 32,
        Device? device = null,
        IReadOnlyList<TrainingImage>? images = null,
        IModelFiles? model = null
    )
    {
        Options = options;
        var files = model ?? new ModelFolder(folder ?? Goldens.Path("models", "sd1"));
        Model = DiffusionModel.Open(files, device ?? CPU, type, false);
        Schedule = new NoiseSchedule(ModelScheduler.Load(files, prediction: null));
        Placeholder = Placeholder.Parse("my-cat", options.VectorCount);
        images ??= TrainingImageSet.Load([Goldens.Sample("my-cat")], resolution, options.Crop, options.Mask).Images;
        trained = images;
        Prompts = new PromptSource(images, ["a photo of {}"], "cat", options);
        Images = new LatentDataset(Model, images, options, CancellationToken.None);
        Tokenizers = new PromptTokenizers(Model.Tokenizers, [Placeholder]);
    }

    public TrainOptions Options { get; }

    public IDiffusionModel Model { get; }

    public NoiseSchedule Schedule { get; }

    public Placeholder Placeholder { get; }

    public PromptSource Prompts { get; }

    /// <summary>The captions as the prompts of words that are learned together.</summary>
    public PromptSource TogetherPrompts(IReadOnlyList<Placeholder> words) => new(trained, [], "cat", Options, words);

    public LatentDataset Images { get; }

    public PromptTokenizers Tokenizers { get; }

    public BatchSampler Batches => new(Images, Prompts, Tokenizers, Options, Schedule.Config.NumTrainTimesteps);

    public ValidationSet Validation(Learner learner) =>
        new(
            learner,
            new FixedExamples(Images, Prompts, Tokenizers),
            FixedExamples.Choose(Images.Learned, Schedule.Config.NumTrainTimesteps),
            Options.BatchSize
        );

    /// <summary>Another concept on the same model: a sample's images, from one token of the vocabulary.</summary>
    public Concept Concept(string sample, TrainOptions options, int resolution = 32)
    {
        var images = TrainingImageSet.Load([Goldens.Sample(sample)], resolution, options.Crop, options.Mask).Images;
        var dataset = new LatentDataset(Model, images, options, CancellationToken.None);
        datasets.Add(dataset);
        var initial = Model.Vocabularies.Select(each => each[7].expand(options.VectorCount, -1)).ToList();
        var prompts = new PromptSource(images, ["a photo of {}"], "cat", options);
        return new Concept(Placeholder.Parse(sample, options.VectorCount), initial, dataset, prompts);
    }

    public void Dispose()
    {
        datasets.ForEach(dataset => dataset.Dispose());
        Images.Dispose();
        Model.Dispose();
    }
}
