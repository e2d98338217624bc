using System.Text.Json.Nodes;

namespace TextualInversion.Cli.Tests.Runs;

/// <summary>Changes single values of JSON documents.</summary>
internal static class JsonMutation
{
    private static readonly string?[] Values =
    [
        null, // deleted
        "null",
        "true",
        "0",
        "-1",
        "3.5",
        "1e308",
        "99999999999999999999",
        "\"\"",
        "\"x\"",
        "\"NaN\"",
        "\"\\ud800\"",
        "[]",
        "[null]",
        "{}",
        "{\"a\": 1}",
        "{\"a\": null}",
    ];

    /// <summary>Replaces each value of a document by each of the others, or deletes it.</summary>
    public static IEnumerable<(string Name, string Json)> All(JsonNode document) =>
        from key in Keys(document, "")
        from value in Values
        select ($"{key}={value ?? "deleted"}", Mutated(document, key, value));

    /// <summary>Replaces or deletes one value.</summary>
    /// <param name="document">The document. It is changed.</param>
    /// <param name="key">The value's key, such as <c>images[0].path</c>.</param>
    /// <param name="value">The new value as JSON, or null to delete it.</param>
    public static void Apply(JsonNode document, string key, string? value)
    {
        var steps = key.Replace("[", ".", StringComparison.Ordinal)
            .Replace("]", "", StringComparison.Ordinal)
            .Split('.');
        var parent = steps[..^1]
            .Aggregate(document, (node, step) => node is JsonArray list ? list[int.Parse(step)]! : node[step]!);
        var node = value is null or "null"
            ? null
            : JsonNode.Parse(value.Contains("ud800", StringComparison.Ordinal) ? "\"surrogate\"" : value);
        if (parent is JsonArray array)
        {
            var index = int.Parse(steps[^1]);
            if (value is null)
                array.RemoveAt(index);
            else
                array[index] = node;
        }
        else if (value is null)
        {
            parent.AsObject().Remove(steps[^1]);
        }
        else
        {
            parent[steps[^1]] = node;
        }
    }

    private static string Mutated(JsonNode document, string key, string? value)
    {
        var copy = document.DeepClone();
        Apply(copy, key, value);
        var json = copy.ToJsonString();
        return value?.Contains("ud800", StringComparison.Ordinal) == true
            ? json.Replace("\"surrogate\"", value, StringComparison.Ordinal)
            : json;
    }

    private static IEnumerable<string> Keys(JsonNode? node, string path) =>
        node switch
        {
            JsonObject members => members.SelectMany(member =>
                Keys(member.Value, path.Length == 0 ? member.Key : $"{path}.{member.Key}")
                    .Prepend(path.Length == 0 ? member.Key : $"{path}.{member.Key}")
            ),
            JsonArray list => list.SelectMany((each, i) => Keys(each, $"{path}[{i}]").Prepend($"{path}[{i}]")),
            _ => [],
        };
}
