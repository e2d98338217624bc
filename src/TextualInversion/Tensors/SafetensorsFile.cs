using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using TextualInversion.IO;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>
/// A safetensors file: an 8-byte little-endian header length, a JSON header, raw little-endian tensors
/// (https://github.com/huggingface/safetensors#format). Reading maps the file: weights are paged in when they are used,
/// and never copied.
/// </summary>
internal sealed class SafetensorsFile : ITensorFile
{
    private const int MaxHeaderBytes = 100_000_000; // the format's own limit

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

    private readonly FileSource source;
    private readonly Dictionary<string, Place> places;

    private SafetensorsFile(
        FileSource source,
        IReadOnlyDictionary<string, string> metadata,
        Dictionary<string, Place> places
    )
    {
        this.source = source;
        Metadata = metadata;
        this.places = places;
        Tensors = places.ToDictionary(place => place.Key, place => place.Value.Entry);
    }

    public string FilePath => source.Path;

    /// <summary>The header's <c>__metadata__</c>; empty if there is no metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Reads and checks the header; no tensor is touched.</summary>
    /// <exception cref="TextualInversionException">The file is missing, truncated or not safetensors.</exception>
    public static SafetensorsFile Open(string path) => Open(new FileSource(path));

    internal static SafetensorsFile Open(FileSource source)
    {
        var path = source.Path;
        try
        {
            using var stream = source.Open();
            var prefix = new byte[8];
            if (stream.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
                throw Broken(path, "it has less than 8 bytes");
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerLength > MaxHeaderBytes || (long)headerLength > stream.Length - 8)
                throw Broken(path, Diagnose(prefix, stream.Length));
            var header = new byte[headerLength];
            stream.ReadExactly(header);
            using var json = JsonDocument.Parse(header);
            return Parse(source, json.RootElement, dataBegin: 8 + (long)headerLength, stream.Length);
        }
        catch (JsonException error)
        {
            throw Broken(path, $"its header is not JSON: {error.Message.TrimEnd('.')}");
        }
        catch (InvalidOperationException)
        {
            throw Broken(path, "its header is not valid text"); // half a UTF-16 pair in a name
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(source.Path, error);
        }
    }

    /// <summary>As <see cref="ITensorFile.Read"/>, mapped from the file.</summary>
    /// <exception cref="TextualInversionException">There is no such tensor.</exception>
    public Tensor Read(string name)
    {
        if (!places.TryGetValue(name, out var place))
            throw new TextualInversionException($"{FilePath}: has no tensor {name}.");
        var ((type, shape), begin, length) = place;
        if (length == 0)
            return empty(shape, type);
        using var scope = NewDisposeScope();
        return FileTensor.Map(source, begin, length / type.ElementSize(), type).view(shape).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Writes tensors in the order of their names, whatever their type, contiguous and on the CPU or not.
    /// </summary>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(
        string path,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string> metadata,
        bool overwrite
    )
    {
        var ordered = tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        var header = Header(ordered, metadata);
        AtomicFile.Write(
            path,
            overwrite,
            stream =>
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
                stream.Write(length);
                stream.Write(header);
                foreach (var (_, tensor) in ordered)
                {
                    using var plain = tensor.detach().cpu().contiguous();
                    stream.Write(plain.bytes);
                }
            }
        );
    }

    private static byte[] Header(
        List<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string> metadata
    )
    {
        using var buffer = new MemoryStream();
        // Readable rather than HTML-safe: a placeholder is written as <my-cat>.
        using (
            var json = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            long end = 0;
            foreach (var (name, tensor) in tensors)
            {
                var (typeName, _, size) = Types.First(type => type.Type == tensor.dtype);
                json.WriteStartObject(name);
                json.WriteString("dtype", typeName);
                json.WriteStartArray("shape");
                foreach (var dimension in tensor.shape)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(end);
                json.WriteNumberValue(end += tensor.numel() * size);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' '); // so that readers may map
        return buffer.ToArray();
    }

    private static SafetensorsFile Parse(FileSource source, JsonElement header, long dataBegin, long fileLength)
    {
        var path = source.Path;
        if (header.ValueKind != JsonValueKind.Object)
            throw Broken(path, "its header is not an object");
        var metadata = new Dictionary<string, string>();
        var tensors = new Dictionary<string, Place>();
        foreach (var property in header.EnumerateObject())
        {
            if (property.Name != "__metadata__")
            {
                if (!tensors.TryAdd(property.Name, ParseEntry(path, property, dataBegin, fileLength)))
                    throw Broken(path, $"it names {property.Name} twice");
            }
            else if (property.Value.ValueKind == JsonValueKind.Object)
            {
                foreach (var item in property.Value.EnumerateObject())
                    metadata[item.Name] = item.Value.ToString();
            }
        }

        RequireNoHoles(path, tensors, dataBegin, fileLength);
        return new SafetensorsFile(source, metadata, tensors);
    }

    /// <summary>The format has every byte belong to one tensor.</summary>
    private static void RequireNoHoles(string path, Dictionary<string, Place> tensors, long dataBegin, long fileLength)
    {
        var end = dataBegin;
        foreach (
            var (name, place) in tensors.OrderBy(tensor => tensor.Value.Begin).ThenBy(tensor => tensor.Value.Length)
        )
        {
            if (place.Begin != end)
                throw Broken(path, $"the bytes of {name} do not begin where those before it end");
            end += place.Length;
        }

        if (end != fileLength)
            throw Broken(path, $"its tensors end {fileLength - end:N0} bytes before the file does");
    }

    private static Place ParseEntry(string path, JsonProperty property, long dataBegin, long fileLength)
    {
        try
        {
            var typeName = property.Value.GetProperty("dtype").GetString();
            var type = Array.Find(Types, candidate => candidate.Name == typeName);
            if (type.Name is null)
                throw Broken(path, $"{property.Name} is of the type {typeName}, which is not supported");
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
            if (begin < 0 || end < begin)
                throw Broken(path, $"{property.Name} has the offsets [{begin}, {end}]");
            if (end > fileLength - dataBegin)
                throw Broken(
                    path,
                    $"{property.Name} should end at byte {end:N0} of {fileLength - dataBegin:N0} after the "
                        + "header: the file is truncated or its header is wrong"
                );
            // An empty tensor has strides that must not overflow either.
            var bytes = shape.Aggregate(
                (long)type.Size,
                (product, dimension) => checked(product * Math.Max(dimension, 1))
            );
            if (shape.Contains(0))
                bytes = 0;
            if (bytes != end - begin)
                throw Broken(
                    path,
                    $"{property.Name} of shape [{string.Join(", ", shape)}] does not take {end - begin:N0} bytes"
                );
            return new Place(new TensorEntry(type.Type, shape), dataBegin + begin, bytes);
        }
        catch (Exception error)
            when (error is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw Broken(path, $"the entry of {property.Name} is malformed");
        }
    }

    private static string Diagnose(ReadOnlySpan<byte> prefix, long fileLength) =>
        prefix switch
        {
            _ when FileKind.Mistake(prefix) is { } mistake => mistake,
            _ when FileKind.IsZip(prefix) => "it is a zip archive (a torch pickle?)",
            _ => $"its header should be longer than the file's {fileLength:N0} bytes: it is truncated or another "
                + "kind of file",
        };

    private static TextualInversionException Broken(string path, string why) =>
        new($"{path}: is not a whole safetensors file: {why}.");

    /// <summary>A tensor and where it lies: bytes [Begin, Begin + Length) of the file.</summary>
    private sealed record Place(TensorEntry Entry, long Begin, long Length);
}
