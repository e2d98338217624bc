using System.IO.Compression;
using TextualInversion.IO;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>Tensors of one dimension from the bytes of a file.</summary>
internal static class FileTensor
{
    private const long CopyElements = 64 << 20; // a span holds at most 2 GiB

    /// <summary>
    /// <paramref name="count"/> elements from the byte <paramref name="begin"/>: mapped, so that they are paged in when
    /// they are used. They are copied if their position is not a multiple of their size.
    /// </summary>
    /// <param name="source">The file.</param>
    /// <param name="begin">The position of the first element, in bytes.</param>
    /// <param name="count">The number of elements.</param>
    /// <param name="type">Their type.</param>
    /// <param name="kept">See <see cref="ITensorFile.Read"/>.</param>
    public static Tensor Map(FileSource source, long begin, long count, ScalarType type, KeptMappings? kept = null)
    {
        var size = type.ElementSize();
        if (count == 0 || begin % size != 0 || source.IsInMemory)
            return Copy(source, begin, skip: 0, count, type, deflated: false);
        using var scope = NewDisposeScope();
        var elements = kept?.Elements(source.Path, type) ?? FromStart(source.Path, begin / size + count, type);
        return elements.narrow(0, begin / size, count).MoveToOuterDisposeScope();
    }

    /// <summary>The first <paramref name="count"/> elements of a file, mapped.</summary>
    public static Tensor FromStart(string path, long count, ScalarType type) =>
        from_file(path, shared: false, count, type); // shared mappings may extend the file

    /// <summary>
    /// <paramref name="count"/> elements, read from the stream that begins at <paramref name="begin"/>, after its first
    /// <paramref name="skip"/> bytes.
    /// </summary>
    /// <exception cref="TextualInversionException">The file holds fewer, or cannot be read.</exception>
    public static Tensor Copy(FileSource source, long begin, long skip, long count, ScalarType type, bool deflated)
    {
        using var scope = NewDisposeScope();
        var values = empty(count, type);
        try
        {
            using var file = source.Open();
            file.Position = deflated ? begin : begin + skip;
            using var inflater = deflated ? new DeflateStream(file, CompressionMode.Decompress) : null;
            if (inflater is not null)
                Skip(inflater, skip);
            for (long done = 0; done < count; done += CopyElements)
            {
                var part = values.narrow(0, done, Math.Min(CopyElements, count - done));
                (inflater ?? file).ReadExactly(part.bytes);
            }

            return values.MoveToOuterDisposeScope();
        }
        catch (Exception error) when (error is EndOfStreamException or InvalidDataException)
        {
            throw new TextualInversionException(
                $"{source.Path}: is truncated or damaged ({error.Message.TrimEnd('.')}); download it again.",
                error
            );
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            throw IoErrors.Unreadable(source.Path, error);
        }
    }

    private static void Skip(DeflateStream stream, long count)
    {
        var buffer = new byte[1 << 16];
        for (; count > 0; count -= Math.Min(count, buffer.Length))
            stream.ReadExactly(buffer, 0, (int)Math.Min(count, buffer.Length));
    }
}
