using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Checkpoints;

/// <summary>
/// A Stable Diffusion in a diffusers folder: a sub-folder for each part with its config and its weights.
/// The one place that knows file names; sharded, pickled and variant weights belong here too.
/// </summary>
public sealed class ModelFolder : IModelFiles
{
    private static readonly JsonSerializerOptions ConfigOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <exception cref="TextualInversionException">There is no such folder, or it is no Stable Diffusion 1.</exception>
    public ModelFolder(string path)
    {
        Path = path;
        if (!Directory.Exists(path))
            throw new TextualInversionException($"{path}: no such model folder; name a diffusers folder, or use --model demo.");
        // Only SD1's pipeline is known here; others are other classes of Models/ to come.
        using var index = Json("model_index.json");
        var named = index.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("_class_name", out var name) ? name : default;
        var pipeline = named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        if (pipeline != "StableDiffusionPipeline")
            throw new TextualInversionException($"{Full("model_index.json")}: is a {pipeline ?? "model without _class_name"}; Stable Diffusion 1 folders (StableDiffusionPipeline) can be used.");
    }

    public string Path { get; }

    public ModelFamily Family => ModelFamily.StableDiffusion;

    public T Config<T>(string part)
    {
        var file = $"{part}/config.json";
        using var json = Json(file);
        try
        {
            return json.RootElement.Deserialize<T>(ConfigOptions) ?? throw new JsonException("is null, not a config");
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{Full(file)}: {error.Message}", error);
        }
    }

    public string ReadText(string file)
    {
        try
        {
            return File.ReadAllText(Full(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{Full(file)}: cannot be read; the model's folder is incomplete.", error);
        }
    }

    public ITensorFile Weights(string part)
    {
        var name = part == "text_encoder" ? "model.safetensors" : "diffusion_pytorch_model.safetensors";
        var file = Full($"{part}/{name}");
        if (!File.Exists(file)) throw new TextualInversionException($"{file}: is missing; the model's folder is incomplete.");
        return SafetensorsFile.Open(file);
    }

    public string TokenizerFolder(string name) => Full(name);

    public bool Has(string file) => File.Exists(Full(file));

    /// <summary>The whole path of a file or folder inside.</summary>
    public string Full(string file) => System.IO.Path.Combine(Path, file);

    private JsonDocument Json(string file)
    {
        try
        {
            return JsonDocument.Parse(ReadText(file));
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{Full(file)}: is not JSON: {error.Message}", error);
        }
    }
}
