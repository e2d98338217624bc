using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.RunFiles;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>
/// Paints how a training goes, into the run's folder: always the same images from the same noise, so that what differs is what was learned. The rows
/// are kept beside them, so that each image can be made again. All noise is the images' own, and nothing of the training changes.
/// </summary>
/// <param name="model">that is trained on</param>
/// <param name="setup">of the training</param>
/// <param name="request">how the model was named, for the settings inside the images</param>
/// <param name="plan">which images</param>
/// <param name="folder">where they go</param>
internal sealed class SampleGenerator(
    TrainModel model,
    TrainSetup setup,
    ModelRequest request,
    SamplePlan plan,
    RunFolder folder
)
{
    private readonly PromptTokenizers tokenizers = new(model.Network.Tokenizers, [setup.Placeholder]);

    public SamplePlan Plan => plan;

    /// <summary>Whether the images of a step are all there.</summary>
    public bool HasPainted(int step) =>
        plan.Images.Index().All(image => File.Exists(folder.SamplePath(step, image.Index + 1)));

    /// <summary>Paints where a run stands. A cancellation ends it quietly: the training has its own way to end.</summary>
    /// <param name="step">steps that the rows had taken</param>
    /// <param name="rows">(n, d) for each text encoder</param>
    /// <param name="progress">told the number of each image before it is painted</param>
    /// <param name="cancellationToken">ends it</param>
    /// <exception cref="TextualInversionException">An image cannot be written.</exception>
    public void Paint(int step, IReadOnlyList<Tensor> rows, Action<int> progress, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        WriteRows(step, [.. rows.Select(each => each.detach().to(ScalarType.Float32, CPU, copy: true))]);
        var painter = new TextToImage(
            model.Network,
            model.Noise.Config,
            tokenizers,
            [.. rows.Select(each => each.detach().to(model.Network.Device))]
        );
        try
        {
            foreach (var (index, (options, seed)) in plan.Images.Index())
            {
                progress(index + 1);
                var image = painter.Generate(options, seed, cancellationToken: cancellationToken);
                ImageFile.Write(
                    folder.SamplePath(step, index + 1),
                    image.Pixels,
                    image.WidthPixels,
                    image.HeightPixels,
                    Describe(options, seed, step),
                    overwrite: true
                );
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        finally
        {
            model.Network.ReleaseVae(); // the next step needs its memory more than the next image the second that it takes to load
        }
    }

    private void WriteRows(int step, IReadOnlyList<Tensor> rows)
    {
        var provenance = setup.Provenance([], step);
        provenance.Remove("base_model_sha256"); // known when the training is over
        TrainOutput.Write(
            folder.SampleRowsPath(step),
            new LearnedEmbedding(setup.Placeholder.Name, rows, provenance),
            overwrite: true
        );
    }

    private string Describe(GenerationSettings options, ulong seed, int step) =>
        WebUiParameters.Format(
            options,
            seed,
            Path.GetFileName(setup.ModelName.TrimEnd('/')),
            "ti",
            ImageMetadata.Settings(
                request,
                setup.ModelName,
                setup.Precision,
                [new EmbeddingArgument(JsonOutput.Relative(folder.SampleRowsPath(step)))],
                init: null
            )
        );
}
