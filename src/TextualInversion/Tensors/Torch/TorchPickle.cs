using System.Numerics;
using System.Text;
using TextualInversion.IO;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// A file that <c>torch.save</c> wrote: a zip archive with a pickle and raw storages, or, before torch 1.6, a stream of
/// pickles followed by the storages. The pickle is read and never run. Tensors are read when they are asked for.
/// </summary>
internal sealed class TorchPickle
{
    private const int MaxPickleBytes = 32 << 20; // of a checkpoint of SDXL it takes 1 MB
    private const long ProtocolVersion = 1001;

    private static readonly BigInteger Magic = BigInteger.Parse(
        "119547037146038801333356",
        System.Globalization.CultureInfo.InvariantCulture
    );

    // Entries that torch did not write before; older readers refuse what they do not know.
    private static readonly string[] Newer = [".format_version", ".storage_alignment"];

    private readonly Dictionary<string, Place> places = [];
    private readonly FileSource source;

    private TorchPickle(FileSource source) => this.source = source;

    public string FilePath => source.Path;

    /// <summary>
    /// The value that was saved, for models a <see cref="PickledDict"/>. Values are null, bool, long,
    /// <see cref="BigInteger"/>, double, string, byte[], object?[] (a tuple), List&lt;object?&gt; (a list or set),
    /// <see cref="PickledDict"/>, <see cref="PickledTensor"/>, <see cref="PickledStorage"/>,
    /// <see cref="PickledGlobal"/> and <see cref="PickledObject"/>. A file may make values that contain themselves, so
    /// a caller that walks them needs a limit of depth.
    /// </summary>
    public object? Root { get; private set; }

    /// <summary>How it was saved.</summary>
    public TorchTraits Traits { get; private set; }

    /// <summary>Reads the pickle and checks that every tensor lies in the file; no tensor is read yet.</summary>
    /// <exception cref="TextualInversionException">
    /// The file is missing, truncated, malformed, or asks for code to be run.
    /// </exception>
    public static TorchPickle Open(string path) => Open(new FileSource(path));

    internal static TorchPickle Open(FileSource source)
    {
        try
        {
            using var stream = source.Open();
            var prefix = new byte[FileKind.PrefixLength];
            prefix = prefix[..stream.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false)];
            var file = new TorchPickle(source);
            if (FileKind.IsZip(prefix))
                file.ReadArchive(stream);
            else if (FileKind.IsPickle(prefix))
                file.ReadLegacy(stream);
            else
                throw new MalformedFileException(
                    FileKind.Mistake(prefix)
                        ?? "it begins neither as a zip archive nor as a pickle: it is another kind of file"
                );
            if (FileKind.IsPickle(prefix))
                file.Traits |= TorchTraits.Legacy;
            if (file.Root is PickledDict values && values.FirstOrDefault().Value is PickledTensor { IsParameter: true })
                file.Traits |= TorchTraits.Parameter;
            return file;
        }
        catch (MalformedFileException error)
        {
            throw new TextualInversionException(
                $"{source.Path}: is not a torch file that can be read: {error.Message}.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(source.Path, error);
        }
    }

    /// <summary>
    /// A tensor of <see cref="Root"/> as it is stored, contiguous, on the CPU; mapped from the file if possible. The
    /// caller disposes of it.
    /// </summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="kept">See <see cref="ITensorFile.Read"/>.</param>
    /// <exception cref="TextualInversionException">Its bytes cannot be read.</exception>
    public Tensor Read(PickledTensor tensor, KeptMappings? kept = null)
    {
        var (storage, offset, shape, strides) = tensor;
        if (tensor.Elements == 0)
            return empty(shape, storage.Type);
        using var scope = NewDisposeScope();
        var (begin, deflated) = places[storage.Key];
        var skip = offset * storage.Type.ElementSize();
        var span = deflated
            ? FileTensor.Copy(source, begin, skip, tensor.Span, storage.Type, deflated: true)
            : FileTensor.Map(source, begin + skip, tensor.Span, storage.Type, kept);
        return span.as_strided(shape, strides, span.storage_offset()).contiguous().MoveToOuterDisposeScope();
    }

    private void ReadArchive(Stream stream)
    {
        var archive = new ZipDirectory(stream);
        var pickles = archive
            .Entries.Keys.Where(name =>
                name.EndsWith("/data.pkl", StringComparison.Ordinal) && name.Count(letter => letter == '/') == 1
            )
            .ToList();
        if (pickles.Count != 1)
            throw new MalformedFileException(
                "it is a zip archive that torch.save did not write; unpack it and name the file inside"
            );
        var top = pickles[0][..^"data.pkl".Length];
        if (archive.Entries.ContainsKey(top + "constants.pkl"))
            throw new MalformedFileException("it is a TorchScript program, not a file of weights");
        if (
            archive.Entries.TryGetValue(top + "byteorder", out var order)
            && Encoding.UTF8.GetString(archive.Read(order, limit: 16)) != "little"
        )
            throw new MalformedFileException("its values are big-endian; save it again on a little-endian machine");
        if (Newer.Any(name => archive.Entries.ContainsKey(top + name)))
            Traits |= TorchTraits.Aligned;
        var unpickler = new Unpickler(archive.Read(archive.Entries[pickles[0]], MaxPickleBytes));
        Root = unpickler.Read();
        foreach (var storage in unpickler.Storages)
        {
            if (!archive.Entries.TryGetValue($"{top}data/{storage.Key}", out var entry))
                throw new MalformedFileException($"it lacks its storage {Shown(storage)}: it is incomplete");
            if (entry.Length != BytesOf(storage))
                throw new MalformedFileException(
                    $"its storage {Shown(storage)} should take {BytesOf(storage):N0} bytes and takes {entry.Length:N0}"
                );
            places[storage.Key] = new Place(archive.Begin(entry), entry.Deflated);
        }
    }

    /// <summary>
    /// The format: magic number, protocol version, description of the machine, value, keys of the storages, then for
    /// each storage the number of its elements and the elements.
    /// </summary>
    private void ReadLegacy(Stream stream)
    {
        var bytes = new byte[(int)Math.Min(stream.Length, MaxPickleBytes)];
        stream.Position = 0;
        stream.ReadExactly(bytes);
        var unpickler = new Unpickler(bytes);
        if (unpickler.Read() is not BigInteger magic || magic != Magic)
            throw new MalformedFileException("it is a pickle that torch.save did not write");
        if (unpickler.Read() is not ProtocolVersion)
            throw new MalformedFileException("it is of an unknown version of torch's format");
        if (unpickler.Read() is not PickledDict system || system["little_endian"] is not true)
            throw new MalformedFileException("its values are big-endian; save it again on a little-endian machine");
        Root = unpickler.Read();
        if (unpickler.Read() is not List<object?> keys)
            throw new MalformedFileException("it lacks the list of its storages");
        var storages = unpickler
            .Storages.GroupBy(storage => storage.Key)
            .ToDictionary(group => group.Key, group => group.ToList());
        stream.Position = unpickler.Position;
        foreach (var key in keys)
        {
            if (key is not string name || !storages.Remove(name, out var found))
                throw new MalformedFileException("it lists a storage twice or one that it does not use");
            var count = new byte[sizeof(long)];
            if (
                stream.ReadAtLeast(count, count.Length, throwOnEndOfStream: false) < count.Length
                || found.Count > 1
                || BitConverter.ToInt64(count) != found[0].Count
                || BytesOf(found[0]) > stream.Length - stream.Position
            )
                throw new MalformedFileException(
                    $"its storage {Shown(found[0])} does not have the {found[0].Count:N0} elements that it "
                        + "should: the file is truncated"
                );
            places[name] = new Place(stream.Position, Deflated: false);
            stream.Position += (long)BytesOf(found[0]);
        }

        if (storages.Count > 0)
            throw new MalformedFileException(
                $"it lacks its storage {Shown(storages.First().Value[0])}: it is incomplete"
            );
    }

    private static Int128 BytesOf(PickledStorage storage) => (Int128)storage.Count * storage.Type.ElementSize();

    private static string Shown(PickledStorage storage) => MalformedFileException.Shown(storage.Key);

    /// <summary>The offset of a storage in the file.</summary>
    private sealed record Place(long Begin, bool Deflated);
}
