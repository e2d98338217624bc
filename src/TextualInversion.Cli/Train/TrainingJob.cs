using TextualInversion.Cli.ModelAccess;
using TextualInversion.Cli.Terminal;
using TextualInversion.Training;
using TextualInversion.Training.Data;
using TextualInversion.Training.Initializers;

namespace TextualInversion.Cli.Train;

/// <summary>
/// A training that is ready to start: the model, the initial embedding, and the images as latents. The model is not its
/// own, since other trainings may use it.
/// </summary>
internal sealed class TrainingJob : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private LatentDataset? latents;

    private TrainingJob(TrainRequest request, TrainModel model, TrainSetup setup) =>
        (Request, Model, Setup) = (request, model, setup);

    public TrainRequest Request { get; }

    public TrainModel Model { get; }

    public TrainSetup Setup { get; private set; }

    /// <summary>The images as latents, or an exception if <see cref="Encode"/> was not called.</summary>
    public LatentDataset Latents => latents ?? throw new InvalidOperationException("the images are not encoded yet");

    /// <summary>Everything the trainer learns from.</summary>
    public Concept Concept => new([.. Setup.Words.Select(word => word.Learned)], Latents, Setup.Prompts);

    /// <summary>Reads the images, warns of what may be wrong, and encodes the images.</summary>
    /// <param name="request">The arguments.</param>
    /// <param name="model">The model, which the caller disposes of.</param>
    /// <param name="cache">The user's cache of encoded images, or null if there is none.</param>
    /// <param name="messages">Receives warnings and the progress of the encoding.</param>
    /// <param name="cancellationToken">Cancels the encoding.</param>
    /// <exception cref="TextualInversionException">
    /// Something is missing or cannot be used, or no prompt reaches the placeholder token.
    /// </exception>
    public static TrainingJob Prepare(
        TrainRequest request,
        TrainModel model,
        LatentCache? cache,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var starts = new List<InitialEmbedding>();
        TrainingJob? job = null;
        try
        {
            foreach (var word in request.Together ?? [request])
                starts.Add(word.ReadInitializer(model.Network));
            var setup = TrainSetup.Read(request, model, starts, cancellationToken) with { OwnHashes = model.OwnHashes };
            job = new TrainingJob(request, model, setup);
            foreach (var warning in job.Setup.Warnings.Concat(job.Setup.PromptLengths.Problems))
                messages.Warn(warning);
            job.Setup.PromptLengths.RequirePlaceholder();
            job.Encode(cache, messages, cancellationToken);
            if (DemoModelLimit.Warning(job, cancellationToken) is { } limit)
                messages.Warn(limit);
            job.owned.InsertRange(0, starts);
            return job;
        }
        finally
        {
            if (job?.latents is null)
                starts.ForEach(start => start.Dispose());
        }
    }

    /// <summary>Reads the images for a model that is loaded. The caller disposes of the model and the start.</summary>
    /// <exception cref="TextualInversionException">
    /// An image is missing or cannot be used, or the vocabulary holds the token.
    /// </exception>
    public static TrainingJob Create(
        TrainRequest request,
        TrainModel model,
        InitialEmbedding start,
        CancellationToken cancellationToken
    ) => new(request, model, TrainSetup.Read(request, model, [start], cancellationToken));

    /// <summary>Encodes the images that the cache does not have.</summary>
    /// <param name="cache">The user's cache, or null if there is none.</param>
    /// <param name="messages">Receives the progress.</param>
    /// <param name="cancellationToken">Checked before each image.</param>
    public void Encode(LatentCache? cache, ConsoleLog messages, CancellationToken cancellationToken)
    {
        using var display = new ProgressDisplay(messages.Error, messages.Quiet, "encoded image");
        latents = new LatentDataset(
            Model.Network,
            Setup.Images,
            Setup.Options,
            cancellationToken,
            Request.UsesLatentCache ? cache : null,
            (done, total) => display.Show(done, total, "")
        );
        owned.Add(latents);
    }

    /// <summary>
    /// For <c>--initializer auto</c>: finds the phrase that explains the images best, and starts from it.
    /// </summary>
    /// <param name="path">
    /// The file of the words that were found. A run that is resumed reads it instead of searching.
    /// </param>
    /// <param name="isResuming">Whether the run is resumed.</param>
    /// <param name="models">Finds the CLIP model that ranks words.</param>
    /// <param name="messages">Receives the progress and the words.</param>
    /// <param name="cancellationToken">Cancels the search.</param>
    /// <exception cref="TextualInversionException">
    /// The vocabulary has no words, or the file cannot be read or written.
    /// </exception>
    public async Task FindInitializerAsync(
        string path,
        bool isResuming,
        ModelLocator models,
        ConsoleLog messages,
        CancellationToken cancellationToken
    )
    {
        var found = await AutoInitializer.RunAsync(this, path, isResuming, models, messages, cancellationToken);
        owned.Add(found);
        Setup = Setup.From(found);
    }

    public void Dispose() => owned.ForEach(each => each.Dispose());
}
