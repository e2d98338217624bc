using TextualInversion.Checkpoints;
using TextualInversion.Data;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Schedulers;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;
using static TorchSharp.torch;

namespace TextualInversion.GpuCheck;

/// <summary>A model on a device, and the images of a cat to train on.</summary>
internal sealed class TrainingInput : IDisposable
{
    private readonly InitialEmbedding initial;

    public TrainingInput(IModelFiles files, Device device, Precision precision, TrainOptions options)
    {
        Options = options;
        Model = DiffusionModel.Open(files, device, CheckOptions.TypeOf(precision));
        Model.UsesGradientCheckpointing = options.GradientCheckpointing == GradientCheckpointing.On;
        Schedule = new NoiseSchedule(ModelScheduler.Load(files, prediction: null));
        var folder = Path.Combine(CheckOptions.Repository, "samples", "my-cat");
        var images = TrainingImageSet.Load([folder], Model.Resolution, options.Crop).Images;
        var prompts = new PromptSource(images, ["a photo of {}"], "cat", options);
        var latents = new LatentDataset(Model, images, options, CancellationToken.None);
        initial = InitialEmbedding.Of("cat", options.VectorCount, Model);
        Concept = new Concept(Placeholder.Parse("my-cat", options.VectorCount), initial.Rows, latents, prompts);
    }

    public TrainOptions Options { get; }

    public IDiffusionModel Model { get; }

    public NoiseSchedule Schedule { get; }

    public Concept Concept { get; }

    public BatchSampler Batches =>
        new(
            Concept.Images,
            Concept.Prompts,
            new PromptTokenizers(Model.Tokenizers, Concept.Placeholders),
            Options,
            Schedule.Config.NumTrainTimesteps
        );

    /// <summary>Generates the image of a seed.</summary>
    public RgbImage Generate(int steps)
    {
        using var noGrad = no_grad();
        var settings = new GenerationSettings
        {
            Prompt = "a photo of a cat",
            Sampler = SamplerKind.Euler,
            Steps = steps,
            Guidance = 5,
            Width = Model.Resolution,
            Height = Model.Resolution,
        };
        var tokenizers = new PromptTokenizers(Model.Tokenizers, []);
        return new TextToImage(Model, Schedule.Config, tokenizers, rows: null).Generate(settings, seed: 1);
    }

    public void Dispose()
    {
        Concept.Images.Dispose();
        initial.Dispose();
        Model.Dispose();
    }
}
