using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.Generate;
using TextualInversion.Cli.Infrastructure;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Data;
using TextualInversion.Embeddings;
using TextualInversion.Generation;
using TextualInversion.Models.Tokenizers;
using TextualInversion.Training.RunFiles;
using static TorchSharp.torch;

namespace TextualInversion.Cli.Train.Listeners;

/// <summary>
/// Generates images during training, into the run's folder: always the same prompts from the same noise, so that
/// differences show what was learned. The embedding of the step is written next to them, so each image can be generated
/// again. Training is not affected.
/// </summary>
/// <param name="model">The model that is trained on.</param>
/// <param name="setup">What is trained.</param>
/// <param name="request">How the model was named, for the metadata of the images.</param>
/// <param name="plan">Which images.</param>
/// <param name="output">The run's files.</param>
/// <param name="warn">Receives why an image could not be made: the training goes on without it.</param>
internal sealed class SampleGenerator(
    TrainModel model,
    TrainSetup setup,
    ModelRequest request,
    SamplePlan plan,
    TrainOutput output,
    Action<string> warn
)
{
    private readonly PromptTokenizers tokenizers = new(
        model.Network.Tokenizers,
        [.. setup.Words.Select(word => word.Placeholder)]
    );
    private readonly RunFolder folder = output.Folder;
    private readonly List<string> rowPaths = []; // of the step at hand, for each word

    public SamplePlan Plan => plan;

    /// <summary>Whether all images of a step exist.</summary>
    public bool HasGenerated(int step) =>
        plan.Images.Index().All(image => File.Exists(folder.SamplePath(step, image.Index + 1)));

    /// <summary>
    /// Generates the images of a step. It returns early when it is canceled: the training ends in its own way.
    /// </summary>
    /// <param name="step">Steps done.</param>
    /// <param name="rows">(n, d) for each text encoder.</param>
    /// <param name="progress">Receives the number of each image before it is generated, counted from 1.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <exception cref="TextualInversionException">An image cannot be written.</exception>
    public void Generate(
        int step,
        IReadOnlyList<Tensor> rows,
        Action<int> progress,
        CancellationToken cancellationToken
    )
    {
        if (cancellationToken.IsCancellationRequested)
            return;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        WriteRows(step, [.. rows.Select(each => each.detach().to(ScalarType.Float32, CPU, copy: true))]);
        var generator = new TextToImage(
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
                if (TryGenerate(generator, options, seed, step, cancellationToken) is not { } image)
                    continue;
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
            model.Network.ReleaseVae(); // the next step needs its memory, and it loads again in a second
        }
    }

    private RgbImage? TryGenerate(
        TextToImage generator,
        GenerationSettings options,
        ulong seed,
        int step,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return generator.Generate(options, seed, cancellationToken: cancellationToken);
        }
        catch (TextualInversionException problem)
        {
            warn($"no image \"{options.Prompt}\" after step {step}: {problem.Message}");
            return null;
        }
    }

    private void WriteRows(int step, IReadOnlyList<Tensor> rows)
    {
        // The weights are hashed only after training.
        var files = output.Files(
            word => folder.SampleRowsPath(step, word),
            setup.Embeddings(rows, weights: null, step)
        );
        rowPaths.Clear();
        foreach (var (path, embedding) in files)
        {
            EmbeddingFile.Write(path, embedding, overwrite: true);
            rowPaths.Add(path);
        }
    }

    private string Describe(GenerationSettings options, ulong seed, int step) =>
        WebUiParameters.Format(
            options,
            seed,
            setup.ModelName,
            "ti",
            ImageMetadata.Settings(
                request,
                setup.ModelName,
                setup.Precision,
                [.. rowPaths.Select(path => new EmbeddingArgument(JsonOutput.Relative(path)))],
                init: null
            )
        );
}
