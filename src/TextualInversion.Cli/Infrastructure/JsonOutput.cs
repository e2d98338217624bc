using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>Writes and reads results and run records: camelCase, indented, paths relative to the current folder.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private static readonly JsonSerializerOptions Strict = new(Options) { RespectNullableAnnotations = true };

    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Reads the text that <see cref="Serialize"/> wrote.</summary>
    /// <exception cref="JsonException">The text is something else.</exception>
    public static T Deserialize<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, Strict) ?? throw new JsonException("It is null.");

    /// <summary>A value as an element, to compare with one that was read.</summary>
    public static JsonElement ToElement<T>(T value) => JsonSerializer.SerializeToElement(value, Options);

    /// <summary>A path as results show it.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path);
}
