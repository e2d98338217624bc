using TextualInversion.Checkpoints;
using TextualInversion.Checkpoints.Loras;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Native;
using TextualInversion.Schedulers;
using TextualInversion.Training.Estimates;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>
/// A frozen Stable Diffusion model: version 1, 2 or XL. It trains embeddings, and generates images with them. A model
/// does one thing at a time: what is called while it is busy waits. Several models in one process work at the same time
/// and do not affect each other.
/// </summary>
public sealed class StableDiffusionModel : IDisposable
{
    // A thread that holds it may take it again, so that progress handlers can generate images.
    private readonly Lock gate = new();
    private readonly LoadOptions options;
    private readonly Device device;
    private readonly IDiffusionModel network;
    private bool isDisposed;

    private StableDiffusionModel(string source, IModelFiles files, LoadOptions options)
    {
        (Source, Files, this.options) = (source, files as ModelWithLoras ?? new ModelWithLoras(files), options);
        device = DeviceFinder.Find(options.Device);
        Precision = PrecisionChoice.Resolve(options.Precision, device);
        Scheduler = ModelScheduler.Load(Files, options.Prediction);
        network = DiffusionModel.Open(Files, device, PrecisionChoice.TypeOf(Precision));
        Resolution = network.Resolution;
    }

    /// <summary>What it was loaded from: a folder, a file or a hub id, as it was named.</summary>
    public string Source { get; }

    /// <summary>The kind of Stable Diffusion.</summary>
    public ModelFamily Family => Files.Family;

    /// <summary>The side of the images that the model was trained on, in pixels.</summary>
    public int Resolution { get; }

    /// <summary>The LoRAs that are part of it, see <see cref="UseLoras"/>.</summary>
    public IReadOnlyList<Lora> Loras => Files is ModelWithLoras changed ? changed.Loras : [];

    internal IModelFiles Files { get; }

    internal SchedulerConfig Scheduler { get; }

    /// <summary>What the U-Net computes in, never <see cref="Precision.Auto"/>.</summary>
    internal Precision Precision { get; }

    /// <summary>Finds a model, downloads it if the cache does not have it, and loads it.</summary>
    /// <param name="source">
    /// A diffusers folder, a single file (.safetensors, .ckpt), or a hub id <c>owner/name[@revision]</c>.
    /// </param>
    /// <param name="options">How it is found and loaded. Default: as of a new <see cref="LoadOptions"/>.</param>
    /// <param name="cancellationToken">Stops a download, which continues the next time.</param>
    /// <exception cref="TextualInversionException">
    /// There is no such model or device, the download fails, or a file is missing, damaged or of another kind of model.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public static async Task<StableDiffusionModel> LoadAsync(
        string source,
        LoadOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        options ??= new LoadOptions();
        TorchRuntime.EnsureLoaded();
        var files = await ModelFinder.FindAsync(source, options, cancellationToken).ConfigureAwait(false);
        return await OwnThread
            .RunAsync(() => new StableDiffusionModel(source, files, options), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Takes LoRAs in the place of those before; without any, the model is as it was loaded from its files, to the last
    /// bit. Waits for what the model is doing.
    /// </summary>
    /// <param name="loras">The LoRAs, each with its strength; they add up.</param>
    /// <exception cref="TextualInversionException">
    /// A file cannot be read, or is for another kind of model. The model is as before.
    /// </exception>
    public void UseLoras(params IReadOnlyList<Lora> loras)
    {
        ArgumentNullException.ThrowIfNull(loras);
        Use(_ =>
        {
            ((ModelWithLoras)Files).Use(loras);
            return true;
        });
    }

    /// <summary>Makes a generator of images whose prompts may hold the placeholder tokens of embeddings.</summary>
    /// <param name="embeddings">Any number of them, each with a token of its own.</param>
    /// <exception cref="TextualInversionException">
    /// An embedding is for another kind of model, two have the same token, or the model's vocabulary already holds a
    /// token.
    /// </exception>
    public ImageGenerator CreateGenerator(params Embedding[] embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        return new ImageGenerator(this, embeddings);
    }

    /// <summary>
    /// Trains an embedding. The training runs on a thread of its own, and the model is the same afterwards. The same
    /// images, options and seed give the same embedding, on the same machine to the last bit.
    /// </summary>
    /// <param name="images">The images to learn from, usually three to five.</param>
    /// <param name="options">What is trained, and how. <see cref="TrainOptions.Token"/> is required.</param>
    /// <param name="progress">
    /// Receives the initial values, then those after each step, on the training's thread; a <see cref="Progress{T}"/>
    /// passes them on to the thread that made it. They are plain numbers, safe to keep. Default: null.
    /// </param>
    /// <param name="cancellationToken">
    /// Ends the training before the next batch. The result then holds what was learned so far, and
    /// <see cref="TrainResult.End"/> is <see cref="TrainingEnd.Cancelled"/>.
    /// </param>
    /// <exception cref="TextualInversionException">
    /// An option is wrong (<see cref="TextualInversionException.Parameter"/> names it), an image cannot be used, or
    /// nothing can be learned.
    /// </exception>
    /// <exception cref="OperationCanceledException">
    /// It was canceled before training began, while the images were read.
    /// </exception>
    public async Task<TrainResult> TrainAsync(
        TrainingImages images,
        TrainOptions options,
        IProgress<TrainProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(options);
        var training = new EmbeddingTraining(this, images, options);
        var clip =
            options.SearchesInitializer && ClipFinder.IsNamedOrOwn(options.Clip, Files)
                ? await ClipFinder
                    .FindAsync(options.Clip, Files, this.options.Hub, this.options.DownloadProgress, cancellationToken)
                    .ConfigureAwait(false)
                : null;
        return await OwnThread
            .RunAsync(
                () => Use(_ => training.Run(NetworkFor(options), clip, progress, cancellationToken)),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Makes an embedding of few vectors that does in prompts what a longer prompt does, without images: the frozen
    /// model's own answer to the whole prompt is what the vectors learn, as in knowledge distillation (Hinton et al.
    /// 2015). Runs on a thread of its own. The same prompt, options and seed give the same embedding, on the same
    /// machine to the last bit.
    /// </summary>
    /// <param name="prompt">
    /// The prompt, of any length, with weights such as <c>(red:1.2)</c> and the tokens of
    /// <see cref="DistillOptions.Embeddings"/>.
    /// </param>
    /// <param name="options">What is learned, and how. <see cref="DistillOptions.Token"/> is required.</param>
    /// <param name="progress">Receives each image and each step, on the distillation's thread. Default: null.</param>
    /// <param name="cancellationToken">
    /// Ends it before the next step. The result then holds the best vectors so far.
    /// </param>
    /// <exception cref="TextualInversionException">
    /// An option is wrong (<see cref="TextualInversionException.Parameter"/> names it), the prompt has no more tokens
    /// than vectors, changes while an image is generated or is too long for the target, an embedding does not fit the
    /// model, or memory runs out.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled before the first step.</exception>
    public Task<DistillResult> DistillAsync(
        string prompt,
        DistillOptions options,
        IProgress<DistillProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(prompt);
        ArgumentNullException.ThrowIfNull(options);
        var distillation = new PromptDistillation(this, prompt, options);
        return OwnThread.RunAsync(
            () => Use(network => distillation.Run(network, progress, cancellationToken)),
            cancellationToken
        );
    }

    /// <summary>
    /// Scores embeddings by the images that they generate, as the paper does (Gal et al. 2022, section 5): image
    /// similarity to the training images, text similarity to the rest of the prompt. Runs on a thread of its own.
    /// </summary>
    /// <param name="embeddings">What to compare, at least one.</param>
    /// <param name="images">The training images.</param>
    /// <param name="options">How they are evaluated. Default: as of a new <see cref="EvaluateOptions"/>.</param>
    /// <param name="progress">Receives each image, on the evaluation's thread. Default: null.</param>
    /// <param name="cancellationToken">Stops between two steps.</param>
    /// <exception cref="TextualInversionException">
    /// An option is wrong, an embedding does not fit the model, an image cannot be read, or the CLIP model is not
    /// found.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    public async Task<EvaluationScores> EvaluateAsync(
        IReadOnlyList<Embedding> embeddings,
        TrainingImages images,
        EvaluateOptions? options = null,
        IProgress<EvaluateProgress>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        ArgumentNullException.ThrowIfNull(images);
        if (embeddings.Count == 0)
            throw new ArgumentException("There is no embedding to evaluate.", nameof(embeddings));
        var wanted = options ?? new EvaluateOptions();
        var clip = await ClipFinder
            .FindAsync(wanted.Clip, Files, this.options.Hub, this.options.DownloadProgress, cancellationToken)
            .ConfigureAwait(false);
        var evaluation = new EmbeddingEvaluation(this, embeddings, images, wanted);
        return await OwnThread
            .RunAsync(
                () => Use(network => evaluation.Run(network, clip, progress, cancellationToken)),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Frees the model's memory. Waits for what the model is doing.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (!isDisposed)
                network.Dispose();
            isDisposed = true;
        }
    }

    /// <summary>Uses the network while no other thread does.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal T Use<T>(Func<IDiffusionModel, T> work)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return work(network);
        }
    }

    /// <summary>The network as a training needs it.</summary>
    private IDiffusionModel NetworkFor(TrainOptions wanted)
    {
        wanted.Validate();
        MemoryChoice.Of(wanted, Files, device, network.Type).ApplyTo(network);
        return network;
    }

    /// <summary>The settings of an image, the model's own where the options say nothing.</summary>
    /// <exception cref="TextualInversionException">
    /// An option is out of its range, or the model's own sampler is not supported.
    /// </exception>
    internal GenerationSettings Resolve(string prompt, GenerateOptions wanted)
    {
        var defaults = ModelDefaults.Read(Files, Scheduler, Resolution);
        var settings = defaults.Settings(wanted.Sampler, wanted.Steps, wanted.Guidance) with
        {
            Prompt = prompt,
            Negative = wanted.NegativePrompt,
            Width = wanted.Width ?? Resolution,
            Height = wanted.Height ?? Resolution,
            ClipSkip = wanted.ClipSkip,
            GuidanceRescale = wanted.GuidanceRescale,
            Eta = wanted.Eta,
        };
        settings.Validate(Scheduler);
        return settings;
    }
}
