using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>
/// The JSON header of a safetensors file: the type, shape and place of each tensor, and the metadata of the file.
/// </summary>
/// <param name="Metadata">The values of <c>__metadata__</c>; empty if there is no metadata.</param>
/// <param name="Places">The tensors by name.</param>
internal sealed record SafetensorsHeader(
    IReadOnlyDictionary<string, string> Metadata,
    IReadOnlyDictionary<string, SafetensorsHeader.Place> Places
)
{
    private const string MetadataKey = "__metadata__";

    private static readonly (string Name, ScalarType Type, int Size)[] Types =
    [
        ("F64", ScalarType.Float64, 8),
        ("F32", ScalarType.Float32, 4),
        ("F16", ScalarType.Float16, 2),
        ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8),
        ("I32", ScalarType.Int32, 4),
        ("I16", ScalarType.Int16, 2),
        ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1),
        ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>Reads and checks a header.</summary>
    /// <param name="header">The JSON.</param>
    /// <param name="dataBegin">The number of bytes before the tensors.</param>
    /// <param name="fileLength">The length of the file in bytes.</param>
    /// <exception cref="MalformedFileException">An entry is malformed or does not fit the file.</exception>
    /// <exception cref="InvalidOperationException">A name is not valid text.</exception>
    public static SafetensorsHeader Parse(JsonElement header, long dataBegin, long fileLength)
    {
        if (header.ValueKind != JsonValueKind.Object)
            throw new MalformedFileException("its header is not an object");
        var metadata = new Dictionary<string, string>();
        var places = new Dictionary<string, Place>();
        foreach (var property in header.EnumerateObject())
        {
            if (property.Name != MetadataKey)
            {
                if (!places.TryAdd(property.Name, ParsePlace(property, dataBegin, fileLength)))
                    throw new MalformedFileException($"it names {property.Name} twice");
            }
            else if (property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var item in property.Value.EnumerateObject())
                    metadata[item.Name] = item.Value.ToString();
            }
        }

        RequireNoHoles(places, dataBegin, fileLength);
        return new SafetensorsHeader(metadata, places);
    }

    /// <summary>
    /// The header of a file with these tensors in this order, padded so that the tensors can be mapped.
    /// </summary>
    public static byte[] Write(
        IReadOnlyList<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        using var buffer = new MemoryStream();
        // Readable rather than HTML-safe: a placeholder token is written as <my-cat>.
        var readable = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, readable))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach (var (key, value) in metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            long begin = 0;
            foreach (var (name, tensor) in tensors)
                begin = WriteEntry(json, name, tensor, begin);
            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    /// <returns>The end of the tensor's bytes, counted from the first tensor.</returns>
    private static long WriteEntry(Utf8JsonWriter json, string name, Tensor tensor, long begin)
    {
        var (typeName, _, size) = Types.First(type => type.Type == tensor.dtype);
        var end = begin + tensor.numel() * size;
        json.WriteStartObject(name);
        json.WriteString("dtype", typeName);
        json.WriteStartArray("shape");
        foreach (var dimension in tensor.shape)
            json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
        return end;
    }

    /// <summary>In this format, every byte belongs to one tensor.</summary>
    private static void RequireNoHoles(Dictionary<string, Place> places, long dataBegin, long fileLength)
    {
        var end = dataBegin;
        foreach (var (name, place) in places.OrderBy(pair => pair.Value.Begin).ThenBy(pair => pair.Value.Length))
        {
            if (place.Begin != end)
                throw new MalformedFileException($"the bytes of {name} do not begin where those before it end");
            end += place.Length;
        }

        if (end != fileLength)
            throw new MalformedFileException($"its tensors end {fileLength - end:N0} bytes before the file does");
    }

    private static Place ParsePlace(JsonProperty property, long dataBegin, long fileLength)
    {
        try
        {
            var typeName = property.Value.GetProperty("dtype").GetString();
            var type = Array.Find(Types, candidate => candidate.Name == typeName);
            if (type.Name is null)
                throw new MalformedFileException(
                    $"{property.Name} is of the type {typeName}, which is not supported{Instead(typeName)}"
                );
            var shape = property
                .Value.GetProperty("shape")
                .EnumerateArray()
                .Select(dimension => dimension.GetInt64())
                .ToArray();
            var offsets = property.Value.GetProperty("data_offsets");
            if (offsets.GetArrayLength() != 2 || shape.Any(dimension => dimension < 0))
                throw new FormatException();
            long begin = offsets[0].GetInt64(),
                end = offsets[1].GetInt64();
            RequireInside(property.Name, begin, end, fileLength - dataBegin);
            if (Bytes(shape, type.Size) != end - begin)
                throw new MalformedFileException(
                    $"{property.Name} of shape [{string.Join(", ", shape)}] does not take {end - begin:N0} bytes"
                );
            return new Place(new TensorEntry(type.Type, shape), dataBegin + begin, end - begin);
        }
        catch (Exception error)
            when (error is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new MalformedFileException($"the entry of {property.Name} is malformed");
        }
    }

    private static string Instead(string? typeName) =>
        typeName?.StartsWith("F8_", StringComparison.Ordinal) is true ? "; take the same file in 16 bits (fp16)" : "";

    private static void RequireInside(string name, long begin, long end, long length)
    {
        if (begin < 0 || end < begin)
            throw new MalformedFileException($"{name} has the offsets [{begin}, {end}]");
        if (end > length)
            throw new MalformedFileException(
                $"{name} should end at byte {end:N0} of {length:N0} after the header: the file is truncated or its "
                    + "header is wrong"
            );
    }

    /// <exception cref="OverflowException">The shape, or the strides of an empty tensor, would overflow.</exception>
    private static long Bytes(long[] shape, int elementSize)
    {
        var bytes = shape.Aggregate(
            (long)elementSize,
            (product, dimension) => checked(product * Math.Max(dimension, 1))
        );
        return shape.Contains(0) ? 0 : bytes;
    }

    /// <summary>A tensor and its bytes [Begin, Begin + Length) in the file.</summary>
    internal sealed record Place(TensorEntry Entry, long Begin, long Length);
}
