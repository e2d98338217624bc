using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TextualInversion.IO;

namespace TextualInversion.Cli.Infrastructure;

/// <summary>
/// Writes and reads results and run records: camelCase, indented. Paths are absolute in results, and relative to the
/// current folder in run records.
/// </summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Options = new()
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(), // JsonShape asks for it before anything is serialized
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public static string Serialize<T>(T value) => JsonSerializer.Serialize(value, Options);

    /// <summary>Reads what <see cref="Serialize"/> wrote, and what people made of it.</summary>
    /// <exception cref="JsonException">It does not fit the type. The message names the key.</exception>
    public static T Deserialize<T>(string json) => JsonShape.Deserialize<T>(json, Options);

    /// <summary>A value as an element, to compare with one that was read.</summary>
    public static JsonElement ToElement<T>(T value) => JsonSerializer.SerializeToElement(value, Options);

    /// <summary>A path as results show it.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path);
}
