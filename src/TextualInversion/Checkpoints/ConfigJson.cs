using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Checkpoints;

/// <summary>Config records from the text of a <c>config.json</c>.</summary>
internal static class ConfigJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <exception cref="TextualInversionException">The file cannot be read.</exception>
    public static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TextualInversionException($"{path}: cannot be read; the model's folder is incomplete.", error);
        }
    }

    /// <param name="text">The text.</param>
    /// <param name="file">The file, for messages.</param>
    /// <exception cref="TextualInversionException">It is not JSON, or lacks a key.</exception>
    public static T Parse<T>(string text, string file)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Options) ?? throw new JsonException("is null, not a config");
        }
        catch (JsonException error)
        {
            throw new TextualInversionException($"{file}: {error.Message}", error);
        }
    }
}
