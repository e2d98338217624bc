using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TextualInversion.IO;

/// <summary>
/// Reads JSON that people may have edited: everything that does not fit the type is reported by its key. The serializer
/// alone accepts null among the elements of a list, and does not say which key is missing.
/// </summary>
internal static class JsonShape
{
    /// <param name="json">The document.</param>
    /// <param name="options">How it was written.</param>
    /// <param name="key">If the document is part of another, its key, with which the keys in messages begin.</param>
    /// <exception cref="JsonException">
    /// It does not fit the type. The message names the key, such as <c>result.steps is null</c>.
    /// </exception>
    public static T Deserialize<T>(string json, JsonSerializerOptions options, string key = "")
    {
        using var document = Parse(json, key);
        if (Problem(document.RootElement, options.GetTypeInfo(typeof(T)), key) is { } problem)
            throw new JsonException(problem);
        return document.RootElement.Deserialize<T>(options)!;
    }

    private static JsonDocument Parse(string json, string key)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw new JsonException($"{Named(key)} is not valid JSON, see line {error.LineNumber + 1}", error);
        }
    }

    private static string? Problem(JsonElement element, JsonTypeInfo type, string key) =>
        type.Kind switch
        {
            JsonTypeInfoKind.Object => ProblemOfObject(element, type, key),
            JsonTypeInfoKind.Enumerable when type.ElementType is { } member => element.ValueKind == JsonValueKind.Array
                ? Problems(element.EnumerateArray().Select((each, i) => (each, $"{key}[{i}]")), type, member)
                : Mismatch(element, key, "a list"),
            JsonTypeInfoKind.Dictionary when type.ElementType is { } member => element.ValueKind == JsonValueKind.Object
                ? Problems(element.EnumerateObject().Select(each => (each.Value, Join(key, each.Name))), type, member)
                : Mismatch(element, key, "an object"),
            _ => ProblemOfValue(element, type, key),
        };

    private static string? ProblemOfObject(JsonElement element, JsonTypeInfo type, string key)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return Mismatch(element, key, "an object");
        foreach (var property in type.Properties)
        {
            var name = Join(key, property.Name);
            var isRequired = property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };
            if (!element.TryGetProperty(property.Name, out var value))
            {
                if (isRequired)
                    return $"{name} is missing";
            }
            else if (value.ValueKind != JsonValueKind.Null || !MayBeNull(property))
            {
                if (Problem(value, type.Options.GetTypeInfo(property.PropertyType), name) is { } problem)
                    return problem;
            }
        }

        return null;
    }

    private static string? Problems(
        IEnumerable<(JsonElement Value, string Key)> members,
        JsonTypeInfo type,
        Type member
    )
    {
        var info = type.Options.GetTypeInfo(member);
        return members
            .Select(each => Problem(each.Value, info, each.Key))
            .FirstOrDefault(problem => problem is not null);
    }

    private static string? ProblemOfValue(JsonElement element, JsonTypeInfo type, string key)
    {
        if (type.Type == typeof(JsonElement) && element.ValueKind != JsonValueKind.String)
            return null;
        if (element.ValueKind == JsonValueKind.Null && Nullable.GetUnderlyingType(type.Type) is null)
            return $"{Named(key)} is null";
        try
        {
            if (element.ValueKind == JsonValueKind.String)
                _ = element.GetString(); // refuses half a surrogate pair
            element.Deserialize(type);
            return null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            return Mismatch(element, key, $"of the right kind ({Kind(type.Type)})");
        }
    }

    private static bool MayBeNull(JsonPropertyInfo property) =>
        property.PropertyType.IsValueType
            ? Nullable.GetUnderlyingType(property.PropertyType) is not null
            : property.AssociatedParameter?.IsNullable ?? property.IsSetNullable;

    private static string Kind(Type type)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        return value == typeof(string) ? "a text"
            : value == typeof(bool) ? "true or false"
            : value.IsEnum
                ? $"one of {string.Join(", ", Enum.GetNames(value).Select(JsonNamingPolicy.CamelCase.ConvertName))}"
            : value == typeof(double) ? "a number"
            : "a whole number in its range";
    }

    private static string Mismatch(JsonElement element, string key, string wanted) =>
        element.ValueKind == JsonValueKind.Null ? $"{Named(key)} is null" : $"{Named(key)} is not {wanted}";

    private static string Join(string key, string name) => key.Length == 0 ? name : $"{key}.{name}";

    private static string Named(string key) => key.Length == 0 ? "the document" : key;
}
