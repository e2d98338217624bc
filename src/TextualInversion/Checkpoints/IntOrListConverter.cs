using System.Text.Json;
using System.Text.Json.Serialization;

namespace TextualInversion.Checkpoints;

/// <summary>
/// Reads a list of whole numbers. diffusers writes one number where it is the same for all blocks; that becomes a list
/// of one.
/// </summary>
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
