using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Models.Unets;

/// <summary>Reads what diffusers writes as one number for all blocks or as a list with a number for each. One number becomes a list of one.</summary>
internal sealed class IntOrListConverter : JsonConverter<IReadOnlyList<int>>
{
    public override IReadOnlyList<int> Read(
        ref Utf8JsonReader reader,
        Type typeToConvert,
        JsonSerializerOptions options
    ) =>
        reader.TokenType == JsonTokenType.Number
            ? [reader.GetInt32()]
            : JsonSerializer.Deserialize<int[]>(ref reader, options)!;

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<int> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, options);
}
