using System.Text.Json;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Generation;
using TextualInversion.Schedulers;

namespace TextualInversion.Cli.Generate;

/// <summary>The settings inside an image, for <c>--from</c>: the WebUI's, and those that this program adds.</summary>
/// <param name="path">The image, for messages.</param>
/// <param name="text">The settings.</param>
internal sealed class ImageMetadata(string path, WebUiParameters text)
{
    private const string Source = "Model source",
        Variant = "Variant",
        Config = "Config",
        Vae = "VAE source",
        Prediction = "Prediction",
        PrecisionName = "Precision",
        LorasName = "LoRAs",
        LoraHashes = "Lora hashes"; // the WebUI's; its prompt calls the LoRAs
    private const string EmbeddingsName = "Embeddings",
        InitName = "Init image",
        InitHashName = "Init image hash";

    private const string SamplerName = "Sampler",
        ScheduleType = "Schedule type",
        Karras = "Karras";

    // Settings that are read here, and those that say nothing new.
    private static readonly HashSet<string> Known =
    [
        "Steps",
        SamplerName,
        ScheduleType,
        "CFG scale",
        "Seed",
        "Size",
        "Model",
        "Model hash",
        "TI hashes",
        "Denoising strength",
        "Clip skip",
        "Eta",
        "Guidance rescale",
        "Version",
        Source,
        Variant,
        Config,
        Vae,
        Prediction,
        PrecisionName,
        LorasName,
        LoraHashes,
        EmbeddingsName,
        InitName,
        InitHashName,
    ];

    public string Path => path;

    public string Prompt => text.Prompt;

    public string? Negative => text.Negative;

    /// <summary>The sampler, or null if the image does not name one that is known here.</summary>
    public string? Sampler => Candidates.FirstOrDefault(name => Samplers.Find(name) is not null);

    /// <summary>The recorded sampler with Karras's noise levels, if the image has those, and without.</summary>
    private IEnumerable<string> Candidates =>
        text.Find(SamplerName) is not { } name ? []
        : text.Find(ScheduleType) is Karras ? [$"{name} {Karras}", name]
        : [name];

    public int? Steps => Number<int>("Steps");

    public double? Guidance => Number<double>("CFG scale");

    public ulong? Seed => Number<ulong>("Seed");

    public double? Strength => Number<double>("Denoising strength");

    public double? Eta => Number<double>("Eta");

    public double? GuidanceRescale => Number<double>("Guidance rescale");

    public int? ClipSkip => Number<int>("Clip skip");

    public (int Width, int Height)? Size =>
        text.Find("Size")?.Split('x') is [var width, var height]
        && int.TryParse(width, out var w)
        && int.TryParse(height, out var h)
            ? (w, h)
            : null;

    public string? Init => text.Find(InitName);

    public string? InitHash => text.Find(InitHashName);

    public Precision? Precision => Enum.TryParse<Precision>(text.Find(PrecisionName), out var known) ? known : null;

    /// <summary>The embeddings it was made with, or null if it does not say.</summary>
    public string[]? Embeddings => text.Find(EmbeddingsName) is { } list ? Parse(list) : null;

    /// <summary>The LoRAs of <c>--lora</c>, or null if it does not name any.</summary>
    private IReadOnlyList<Lora>? Loras =>
        text.Find(LorasName) is { } list ? [.. Parse(list).Select(LoraArgument.Parse)] : null;

    /// <exception cref="TextualInversionException">The image cannot be read, or holds no settings.</exception>
    public static ImageMetadata Read(string path)
    {
        var parameters =
            ImageFile.ReadParameters(path)
            ?? throw new TextualInversionException(
                $"{path}: has no settings inside; name an image that `ti generate` or the WebUI wrote."
            );
        try
        {
            return new ImageMetadata(path, WebUiParameters.Parse(parameters));
        }
        catch (FormatException error)
        {
            throw Unreadable(path, error);
        }
    }

    /// <summary>
    /// The settings to write into an image, in addition to the WebUI's, so that it can be made again.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string>> Settings(
        ModelRequest request,
        string modelName,
        Precision precision,
        IReadOnlyList<EmbeddingArgument> embeddings,
        InitImage? init
    )
    {
        (string Name, string? Value)[] settings =
        [
            (Source, modelName),
            (Variant, request.Variant),
            (Config, request.Config),
            (Vae, request.Vae),
            (Prediction, request.Prediction is { } prediction ? PredictionTypeNames.Of(prediction) : null),
            (PrecisionName, precision == TextualInversion.Precision.Fp32 ? null : precision.ToString()),
            (
                LorasName,
                request.UsedLoras.Count == 0
                    ? null
                    : JsonSerializer.Serialize(request.UsedLoras.Select(LoraArgument.Format))
            ),
            (
                EmbeddingsName,
                embeddings.Count == 0
                    ? null
                    : JsonSerializer.Serialize( // its LoRA brings one that is bundled
                        embeddings.Where(argument => argument.Bundled is null).Select(argument => argument.ToString())
                    )
            ),
            (InitName, init?.Path),
            (InitHashName, init?.Sha256),
        ];
        return settings
            .Where(setting => setting.Value is not null)
            .Select(setting => KeyValuePair.Create(setting.Name, setting.Value!));
    }

    /// <summary>The request, with the recorded model where the user names none.</summary>
    public ModelRequest Complete(ModelRequest request) =>
        request.Model is not null
            ? request with
            {
                Loras = request.Loras ?? Loras,
            }
            : new ModelRequest(
                text.Find(Source),
                request.Variant ?? text.Find(Variant),
                request.Config ?? text.Find(Config),
                request.Vae ?? text.Find(Vae),
                request.Prediction ?? PredictionTypeNames.Parse(text.Find(Prediction)),
                request.Loras ?? Loras
            );

    /// <summary>
    /// A warning that names the settings of another program that have no effect here, or null if all have.
    /// </summary>
    /// <param name="modelName">The model that is used.</param>
    public string? NotTakenOver(string modelName)
    {
        var unknown = text.Values.Keys.Where(key => !Known.Contains(key)).ToList();
        var hires = unknown.Where(key => key.StartsWith("Hires", StringComparison.OrdinalIgnoreCase)).ToList();
        var dropped = new List<string>();
        if (text.Find(Source) is null && text.Find("Model") is { } model && !IsSame(model, modelName))
            dropped.Add($"the model {model} (this is {modelName}; choose another with --model)");
        if (hires.Count > 0)
            dropped.Add($"hires fix ({string.Join(", ", hires)})");
        if (Strength is not null && Init is null && hires.Count == 0)
            dropped.Add("the image that it started from (give it with --init-image)");
        if (Sampler is null && text.Find(SamplerName) is { } sampler)
            dropped.Add($"the sampler {sampler}, which ti does not have (choose another with --sampler)");
        if (text.Find(ScheduleType) is { } schedule && !IsTakenOver(schedule))
            dropped.Add($"{ScheduleType} {schedule}");
        dropped.AddRange(unknown.Except(hires).Select(key => $"{key} {text.Find(key)}"));
        return dropped.Count == 0 ? null : $"{path}: not taken over: {string.Join("; ", dropped)}.";
    }

    private bool IsTakenOver(string schedule) =>
        schedule == "Automatic" || (schedule == Karras && Sampler is { } used && used == Candidates.First());

    /// <summary>Whether the WebUI's name of a model file may be the model that is used.</summary>
    private static bool IsSame(string recorded, string modelName) =>
        System
            .IO.Path.GetFileNameWithoutExtension(modelName.TrimEnd('/'))
            .Equals(recorded, StringComparison.OrdinalIgnoreCase)
        || System.IO.Path.GetFileName(modelName.TrimEnd('/')).Equals(recorded, StringComparison.OrdinalIgnoreCase);

    private T? Number<T>(string name)
        where T : struct, IParsable<T>
    {
        try
        {
            return text.Number<T>(name);
        }
        catch (FormatException error)
        {
            throw Unreadable(path, error);
        }
    }

    private string[] Parse(string list)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(list) ?? [];
        }
        catch (JsonException error)
        {
            throw Unreadable(path, error);
        }
    }

    private static TextualInversionException Unreadable(string path, Exception error) =>
        new(
            $"{path}: cannot parse the image metadata ({error.Message.TrimEnd('.')}); pass the options explicitly.",
            error
        );
}
