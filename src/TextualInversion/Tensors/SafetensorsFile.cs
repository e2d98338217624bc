using System.Buffers.Binary;
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

    private readonly FileSource source;
    private readonly SafetensorsHeader header;

    private SafetensorsFile(FileSource source, SafetensorsHeader header)
    {
        this.source = source;
        this.header = header;
        Tensors = header.Places.ToDictionary(place => place.Key, place => place.Value.Entry);
    }

    public string FilePath => source.Path;

    /// <summary>The header's <c>__metadata__</c>; empty if there is no metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Reads and checks the header; no tensor is touched.</summary>
    /// <exception cref="TextualInversionException">The file is missing, truncated or not safetensors.</exception>
    public static SafetensorsFile Open(string path)
    {
        SpecialFile.Refuse(path);
        return Open(new FileSource(path));
    }

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
            var bytes = new byte[headerLength];
            stream.ReadExactly(bytes);
            using var json = JsonDocument.Parse(bytes);
            var header = SafetensorsHeader.Parse(json.RootElement, dataBegin: 8 + (long)headerLength, stream.Length);
            return new SafetensorsFile(source, header);
        }
        catch (MalformedFileException error)
        {
            throw Broken(path, error.Message);
        }
        catch (JsonException error)
        {
            throw Broken(path, $"its header is not JSON: {error.Message.TrimEnd('.')}");
        }
        catch (InvalidOperationException)
        {
            throw Broken(path, "its header is not valid text"); // a lone surrogate in a name
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(source.Path, error);
        }
    }

    /// <summary>As <see cref="ITensorFile.Read"/>, mapped from the file.</summary>
    /// <exception cref="TextualInversionException">There is no such tensor.</exception>
    public Tensor Read(string name, KeptMappings? kept = null)
    {
        if (!header.Places.TryGetValue(name, out var place))
            throw new TextualInversionException($"{FilePath}: has no tensor {name}.");
        var ((type, shape), begin, length) = place;
        if (length == 0)
            return empty(shape, type);
        using var scope = NewDisposeScope();
        var elements = FileTensor.Map(source, begin, length / type.ElementSize(), type, kept);
        return elements.view(shape).MoveToOuterDisposeScope();
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
        var header = SafetensorsHeader.Write(ordered, metadata);
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
                    using var scope = NewDisposeScope();
                    stream.Write(tensor.detach().cpu().contiguous().bytes);
                }
            }
        );
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
}
