using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TextualInversion.IO;

namespace TextualInversion.Checkpoints;

/// <summary>Config records from the text of a <c>config.json</c>.</summary>
internal static class ConfigJson
{
    private const long LongestFileBytes = 64 << 20; // published configs and tokenizers are at most some megabytes

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new JsonStringEnumConverter(), new IntOrListConverter() },
    };

    /// <exception cref="TextualInversionException">The file cannot be read, or is far too long.</exception>
    public static string ReadText(string path)
    {
        try
        {
            SpecialFile.Refuse(path);
            var bytes = new FileInfo(path).Length;
            return bytes <= LongestFileBytes
                ? File.ReadAllText(path)
                : throw new TextualInversionException($"{path}: is {bytes >> 20} MiB long, too long for a config.");
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.IsMissing(error)
                ? new TextualInversionException($"{path}: cannot be read; the model's folder is incomplete.", error)
                : IoErrors.Unreadable(path, error);
        }
    }

    /// <summary>
    /// Reads a record; keys that it does not have are ignored. An <see cref="IModelConfig"/> is validated.
    /// </summary>
    /// <param name="text">The JSON.</param>
    /// <param name="file">The file, for messages.</param>
    /// <exception cref="TextualInversionException">
    /// The text is not JSON, a key is missing, or a value is of the wrong kind or out of range.
    /// </exception>
    public static T Parse<T>(string text, string file)
    {
        using var document = ParseDocument(text, file);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new TextualInversionException($"{file}: is not a JSON object.");
        try
        {
            var config = document.Deserialize<T>(Options)!;
            (config as IModelConfig)?.Validate(new ConfigCheck(file));
            return config;
        }
        catch (JsonException error)
        {
            throw Explain(document.RootElement, Options.GetTypeInfo(typeof(T)), new ConfigCheck(file))
                ?? new TextualInversionException($"{file}: {error.Message}", error);
        }
    }

    private static JsonDocument ParseDocument(string text, string file)
    {
        try
        {
            return JsonText.Parse(text);
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{file}: is not JSON: {error.Message}", error);
        }
    }

    /// <summary>The first property that cannot be read, or null if each can.</summary>
    private static TextualInversionException? Explain(JsonElement value, JsonTypeInfo type, ConfigCheck check)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return null; // of another kind than the property
        foreach (var property in type.Properties.Where(property => !property.IsExtensionData))
        {
            if (value.TryGetProperty(property.Name, out var found))
            {
                if (ExplainProperty(found, property, check) is { } problem)
                    return problem;
            }
            else if (property.IsRequired)
            {
                return check.Refuse(property.Name, "missing", Expected(property));
            }
        }

        return null;
    }

    private static TextualInversionException? ExplainProperty(
        JsonElement value,
        JsonPropertyInfo property,
        ConfigCheck check
    )
    {
        if (value.ValueKind == JsonValueKind.Null)
            return property.IsSetNullable ? null : check.Refuse(property.Name, null, Expected(property));
        try
        {
            value.Deserialize(property.PropertyType, Options);
            return null;
        }
        catch (JsonException)
        {
            return Explain(value, Options.GetTypeInfo(property.PropertyType), check.Section(property.Name))
                ?? check.Refuse(property.Name, value.GetRawText(), Expected(property));
        }
    }

    private static string Expected(JsonPropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var kind =
            type == typeof(bool) ? "true or false"
            : type == typeof(int) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(string) ? "a string"
            : type == typeof(IReadOnlyList<int>) ? "a whole number or a list of them"
            : type == typeof(IReadOnlyList<string>) ? "a list of strings"
            : type == typeof(double[]) ? "a list of numbers"
            : "an object";
        return property.IsSetNullable ? $"{kind}, or null" : kind;
    }
}
