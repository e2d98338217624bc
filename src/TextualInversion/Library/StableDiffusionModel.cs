using TextualInversion.Checkpoints;
using TextualInversion.Generation;
using TextualInversion.Models;
using TextualInversion.Schedulers;
using static TorchSharp.torch;

namespace TextualInversion;

/// <summary>
/// A frozen Stable Diffusion model: version 1, 2 or XL. It trains embeddings, and generates images with them. A model does one thing at a
/// time: what is called while it is busy waits. Several models in one process work at the same time and do not affect each other.
/// </summary>
public sealed class StableDiffusionModel : IDisposable
{
    private readonly Lock gate = new(); // a thread that holds it may take it again, so that progress handlers can generate images
    private readonly LoadOptions options;
    private readonly Device device;
    private readonly IDiffusionModel network;
    private bool isDisposed;

    private StableDiffusionModel(string source, IModelFiles files, LoadOptions options)
    {
        (Source, Files, this.options) = (source, files, options);
        device = DeviceFinder.Find(options.Device);
        Scheduler = ModelScheduler.Load(files, options.Prediction);
        network = DiffusionModel.Open(files, device, DataType);
        Resolution = network.Resolution;
    }

    /// <summary>What it was loaded from: a folder, a file or a hub id, as it was named.</summary>
    public string Source { get; }

    /// <summary>The kind of Stable Diffusion.</summary>
    public ModelFamily Family => Files.Family;

    /// <summary>The side of the images that the model was trained on, in pixels.</summary>
    public int Resolution { get; }

    internal IModelFiles Files { get; }

    internal SchedulerConfig Scheduler { get; }

    /// <summary>As images and embeddings record it: the last part of a path.</summary>
    internal string ShortName => Path.GetFileName(Path.TrimEndingDirectorySeparator(Source));

    private ScalarType DataType =>
        options.Precision switch
        {
            Precision.Fp32 => ScalarType.Float32,
            Precision.Bf16 => ScalarType.BFloat16,
            _ => throw new ArgumentOutOfRangeException(nameof(Precision), options.Precision, null),
        };

    /// <summary>Finds a model, downloads it if the cache does not have it, and loads it.</summary>
    /// <param name="source">
    /// A diffusers folder, a single file (.safetensors, .ckpt), or a hub id <c>owner/name[@revision]</c>.
    /// </param>
    /// <param name="options">How it is found and loaded. Default: as of a new <see cref="LoadOptions"/>.</param>
    /// <param name="cancellationToken">Stops a download, which continues the next time.</param>
    /// <exception cref="TextualInversionException">
    /// There is no such model or device, the download fails, or a file is missing, damaged or of another kind of model.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<StableDiffusionModel> LoadAsync(
        string source,
        LoadOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        options ??= new LoadOptions();
        var files = await ModelFinder.FindAsync(source, options, cancellationToken).ConfigureAwait(false);
        return await OwnThread
            .RunAsync(() => new StableDiffusionModel(source, files, options), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Makes a generator of images whose prompts may hold the placeholder tokens of embeddings.</summary>
    /// <param name="embeddings">Any number of them, each with a token of its own.</param>
    /// <exception cref="TextualInversionException">
    /// An embedding is for another kind of model, two have the same token, or the model's vocabulary already holds a token.
    /// </exception>
    public ImageGenerator CreateGenerator(params Embedding[] embeddings)
    {
        ArgumentNullException.ThrowIfNull(embeddings);
        return new ImageGenerator(this, embeddings);
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

    /// <summary>Does something with the network while nobody else does.</summary>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    internal T Use<T>(Func<IDiffusionModel, T> work)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return work(network);
        }
    }

    /// <summary>The settings of an image, the model's own where the options say nothing.</summary>
    /// <exception cref="TextualInversionException">An option is out of its range, or the model's own sampler is not supported.</exception>
    internal GenerationSettings Resolve(string prompt, GenerateOptions wanted)
    {
        var defaults = GenerationDefaults.Read(Files);
        var settings = new GenerationSettings
        {
            Prompt = prompt,
            Negative = wanted.NegativePrompt,
            Sampler = wanted.Sampler ?? DefaultSampler(defaults),
            Steps = wanted.Steps ?? defaults.NumInferenceSteps ?? GenerationDefaults.DefaultSteps,
            Guidance = wanted.Guidance ?? defaults.GuidanceScale ?? GenerationDefaults.DefaultGuidance,
            Width = wanted.Width ?? Resolution,
            Height = wanted.Height ?? Resolution,
            ClipSkip = wanted.ClipSkip,
            GuidanceRescale = wanted.GuidanceRescale,
            Eta = wanted.Eta,
        };
        settings.Validate();
        Samplers.Create(settings.Sampler, Scheduler, settings.Steps, settings.Eta).Dispose(); // refuses what it cannot do
        return settings;
    }

    private SamplerKind DefaultSampler(GenerationDefaults defaults) =>
        defaults.Sampler is { } recommended
            ? Samplers.Parse(recommended)
            : Samplers.OfFolder(Scheduler)
                ?? throw new TextualInversionException(
                    $"{Source}: the model's own sampler {Scheduler.ClassName} is not supported; choose a "
                        + $"{nameof(GenerateOptions.Sampler)}, such as {nameof(SamplerKind.DpmSolverMultistep)}."
                );
}
