using System.Text.Json;
using TextualInversion.Cli.EmbeddingFiles;
using TextualInversion.Cli.ModelAccess;
using TextualInversion.Generation;

namespace TextualInversion.Cli.Generate;

/// <summary>The settings inside an image, for <c>--from</c>, and those that this program adds to what the WebUI knows.</summary>
/// <param name="path">the image, for messages</param>
/// <param name="text">what is inside</param>
internal sealed class ImageMetadata(string path, WebUiParameters text)
{
    private const string Source = "Model source",
        Variant = "Variant",
        Config = "Config",
        Vae = "VAE source",
        Prediction = "Prediction",
        PrecisionName = "Precision";
    private const string EmbeddingsName = "Embeddings",
        InitName = "Init image",
        InitHashName = "Init image hash";

    public string Path => path;

    public string Prompt => text.Prompt;

    public string? Negative => text.Negative;

    public string? Sampler =>
        text.Find("Sampler") is { } name && text.Find("Schedule type") is "Karras"
            ? name + " Karras"
            : text.Find("Sampler");

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

    /// <summary>Those that painted it; null where it does not say.</summary>
    public string[]? Embeddings => text.Find(EmbeddingsName) is { } list ? Parse(list) : null;

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

    /// <summary>What to write into an image, beside what the WebUI knows, so that it can be made again.</summary>
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
            (Prediction, request.Prediction),
            (PrecisionName, precision == TextualInversion.Precision.Fp32 ? null : precision.ToString()),
            (
                EmbeddingsName,
                embeddings.Count == 0
                    ? null
                    : JsonSerializer.Serialize(embeddings.Select(argument => argument.ToString()))
            ),
            (InitName, init?.Path),
            (InitHashName, init?.Sha256),
        ];
        return settings
            .Where(setting => setting.Value is not null)
            .Select(setting => KeyValuePair.Create(setting.Name, setting.Value!));
    }

    /// <summary>The model that was used, as far as the user does not say another.</summary>
    public ModelRequest Complete(ModelRequest request) =>
        request.Model is not null
            ? request
            : new ModelRequest(
                text.Find(Source),
                request.Variant ?? text.Find(Variant),
                request.Config ?? text.Find(Config),
                request.Vae ?? text.Find(Vae),
                request.Prediction ?? text.Find(Prediction)
            );

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
            $"{path}: its settings cannot be read ({error.Message.TrimEnd('.')}); say them on the command line instead.",
            error
        );
}
