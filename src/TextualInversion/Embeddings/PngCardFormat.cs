using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using TextualInversion.Data;
using TextualInversion.IO;
using TextualInversion.Tensors;
using static TorchSharp.torch;

namespace TextualInversion.Embeddings;

/// <summary>
/// An image that contains an embedding, as the WebUI makes them: JSON in base64 as the PNG text <c>sd-ti-embedding</c>,
/// or hidden in the pixels, see <see cref="SteganographicPayload"/>. In the JSON a tensor is <c>{"TORCHTENSOR": nested
/// list}</c>
/// (https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/master/modules/textual_inversion/image_embedding.py).
/// </summary>
internal static class PngCardFormat
{
    private const string Keyword = "sd-ti-embedding",
        Parameters = "string_to_param",
        TensorMark = "TORCHTENSOR";
    private const int MaxFileBytes = 32 << 20,
        MaxTextBytes = 4 << 20,
        MaxValues = 1 << 20,
        BandHeight = 32;

    private static readonly SearchValues<byte> Separators = SearchValues.Create(",:[{"u8);

    /// <summary>Whether a PNG file has the text of an embedding. The pixels are not searched.</summary>
    internal static bool IsCard(string path)
    {
        try
        {
            using var png = File.OpenRead(path);
            return PngTextChunk.Has(png, Keyword);
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return false;
        }
    }

    /// <exception cref="TextualInversionException">The image is damaged or contains no embedding.</exception>
    internal static EmbeddingFile Read(FileSource source)
    {
        var path = source.Path;
        var png =
            source.ReadAll(MaxFileBytes)
            ?? throw new TextualInversionException(
                $"{path}: is larger than any image with an embedding ({MaxFileBytes >> 20} MiB); name another."
            );
        try
        {
            var json = PngTextChunk.Find(png, Keyword) is { } text
                ? Convert.FromBase64String(Limited(text))
                : Hidden(path, png);
            if (json is null)
                throw new TextualInversionException(
                    $"{path}: is an image without an embedding in it; some sites and programs strip it, so look "
                        + $"for the original file."
                );
            if (json.AsSpan().CountAny(Separators) > MaxValues)
                throw new InvalidDataException("it holds too many values");
            using var document = JsonDocument.Parse(json);
            return Parse(path, document.RootElement);
        }
        catch (Exception error)
            when (error
                    is InvalidDataException
                        or FormatException
                        or JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
            )
        {
            throw new TextualInversionException(
                $"{path}: the embedding in the image is damaged ({error.Message.TrimEnd('.')}); take another "
                    + $"copy of it.",
                error
            );
        }
    }

    /// <summary>Writes an image of the vectors, a gray band for each, with the embedding as a text.</summary>
    /// <exception cref="TextualInversionException">See <see cref="AtomicFile.Write"/>.</exception>
    public static void Write(
        string path,
        LearnedEmbedding embedding,
        bool overwrite,
        ScalarType type = ScalarType.Float32
    )
    {
        if (embedding.Rows.Count != 1)
            throw new ArgumentException("The layout holds the rows of one text encoder.", nameof(embedding));
        using var scope = NewDisposeScope();
        var rows = EmbeddingRows.As(embedding.Rows[0], type).to(ScalarType.Float32);
        var text = PngTextChunk.Make(Keyword, Convert.ToBase64String(Json(WebUiRecord.Of(embedding), rows)));
        AtomicFile.Write(
            path,
            overwrite,
            stream =>
            {
                stream.Write(PngTextChunk.Signature);
                stream.Write(PngTextChunk.MakeChunk("IHDR"u8, Header(rows.shape)));
                stream.Write(text);
                stream.Write(PngTextChunk.MakeChunk("IDAT"u8, Bands(rows)));
                stream.Write(PngTextChunk.MakeChunk("IEND"u8, []));
            }
        );
    }

    /// <summary>
    /// The data hidden in the pixels, or null. Images larger than any card are not searched, since that could exhaust
    /// the memory.
    /// </summary>
    private static byte[]? Hidden(string path, byte[] png)
    {
        const int Width = 16; // the offset in the header
        var isLarge =
            png.Length >= Width + 8
            && (ulong)BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(Width))
                * BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(Width + 4))
                > SteganographicPayload.MaxPixels;
        return isLarge ? null : SteganographicPayload.Find(ImageDecoder.Decode(path, png), MaxTextBytes);
    }

    private static string Limited(string text) =>
        text.Length <= MaxTextBytes * 4L / 3 + 4
            ? text
            : throw new InvalidDataException("its text is too long for one");

    private static EmbeddingFile Parse(string path, JsonElement root)
    {
        var parameters = root.GetProperty(Parameters).EnumerateObject().ToList();
        if (parameters.Count != 1)
            throw new InvalidDataException($"it has {parameters.Count} placeholders instead of one");
        var rows = parameters[0].Value.GetProperty(TensorMark).EnumerateArray().ToList();
        if (rows.Count > 0 && rows[0].ValueKind == JsonValueKind.Number)
            rows = [parameters[0].Value.GetProperty(TensorMark)]; // (d)
        var values = rows.ConvertAll(row => row.EnumerateArray().Select(value => (float)value.GetDouble()).ToArray());
        if (values.Exists(row => row.Length != values[0].Length))
            throw new InvalidDataException("its rows are not equally long");
        long[] shape = [values.Count, values.Count == 0 ? 0 : values[0].Length];
        var tensor = EmbeddingRows.Read(
            path,
            Parameters,
            new TensorEntry(ScalarType.Float32, shape),
            () => TorchSharp.torch.tensor(values.SelectMany(row => row).ToArray(), shape)
        );
        var record = new WebUiRecord(
            Text("name"),
            root.TryGetProperty("step", out var step)
            && step.ValueKind == JsonValueKind.Number
            && step.TryGetInt64(out var number)
                ? number
                : null,
            Text("sd_checkpoint"),
            Text("sd_checkpoint_name")
        );
        return new EmbeddingFile(
            path,
            EmbeddingFormat.Png,
            EmbeddingContainer.Png,
            ScalarType.Float32,
            new LearnedEmbedding(record.Trigger(path), [tensor], record.Provenance())
        );

        string? Text(string name) =>
            root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
    }

    private static byte[] Json(WebUiRecord record, Tensor rows)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("string_to_token");
            json.WriteNumber("*", WebUiRecord.AsteriskToken);
            json.WriteEndObject();
            json.WriteStartObject(Parameters);
            json.WriteStartObject("*");
            json.WriteStartArray(TensorMark);
            foreach (var row in rows.data<float>().ToArray().Chunk((int)rows.shape[1]))
            {
                json.WriteStartArray();
                foreach (var value in row)
                    json.WriteNumberValue((double)value); // all digits, as Python writes them
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteString("name", record.Name);
            if (record.Step is { } step)
                json.WriteNumber("step", step);
            else
                json.WriteNull("step");
            json.WriteString("sd_checkpoint", record.Checkpoint);
            json.WriteString("sd_checkpoint_name", record.CheckpointName);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>The header of an image of d x (n bands) pixels with 8 bits of gray.</summary>
    private static byte[] Header(long[] shape)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, (int)shape[1]);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), (int)shape[0] * BandHeight);
        header[8] = 8;
        return header;
    }

    private static byte[] Bands(Tensor rows)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.SmallestSize))
        {
            var values = rows.data<float>().ToArray();
            var largest = Math.Max(values.Max(MathF.Abs), float.Epsilon);
            foreach (var row in values.Chunk((int)rows.shape[1]))
            {
                byte[] line = [0, .. row.Select(value => (byte)(128 + 127 * (value / largest)))]; // 0: no filter
                for (var i = 0; i < BandHeight; i++)
                    zlib.Write(line);
            }
        }

        return compressed.ToArray();
    }
}
