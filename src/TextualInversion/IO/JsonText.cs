using System.Text;
using System.Text.Json;

namespace TextualInversion.IO;

/// <summary>Parses JSON that comes from outside.</summary>
internal static class JsonText
{
    /// <summary>
    /// Parses a text in which every string can be read. .NET otherwise accepts the escape of half a character, such as
    /// <c>"\ud800"</c>, and fails only when the string is used.
    /// </summary>
    /// <exception cref="JsonException">The text is not JSON, or a string is not valid Unicode.</exception>
    public static JsonDocument Parse(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        RequireReadableStrings(bytes);
        return JsonDocument.Parse(bytes);
    }

    private static void RequireReadableStrings(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var key = "";
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.String))
                continue;
            var text = ReadString(ref reader, key);
            if (reader.TokenType == JsonTokenType.PropertyName)
                key = text;
        }
    }

    private static string ReadString(ref Utf8JsonReader reader, string key)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            var raw = Encoding.UTF8.GetString(reader.ValueSpan);
            var place = key.Length == 0 ? "" : $" at {key}";
            throw new JsonException(
                $"the string \"{raw}\"{place} is not valid Unicode (half of a surrogate pair)",
                error
            );
        }
    }
}
