using System.IO.Compression;
using TorchSharp;
using static TorchSharp.torch;

namespace TextualInversion.Tensors;

/// <summary>Tensors of one dimension from the bytes of a file.</summary>
internal static class FileTensor
{
    private const long CopyElements = 64 << 20; // a span reaches no further than 2 GiB

    /// <summary><paramref name="count"/> elements from the byte <paramref name="begin"/>: mapped, so that they are paged in when they are used, or copied where they lie at no multiple of their size.</summary>
    public static Tensor Map(FileSource source, long begin, long count, ScalarType type)
    {
        var size = type.ElementSize();
        if (count == 0 || begin % size != 0 || source.IsInMemory)
            return Copy(source, begin, skip: 0, count, type, deflated: false);
        using var scope = NewDisposeScope();
        // A private mapping: shared ones may extend the file.
        return from_file(source.Path, shared: false, begin / size + count, type)
            .narrow(0, begin / size, count)
            .MoveToOuterDisposeScope();
    }

    /// <summary><paramref name="count"/> elements, read after <paramref name="skip"/> bytes of what begins at <paramref name="begin"/>.</summary>
    /// <exception cref="TextualInversionException">There are not so many.</exception>
    public static Tensor Copy(FileSource source, long begin, long skip, long count, ScalarType type, bool deflated)
    {
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
                using var part = values.narrow(0, done, Math.Min(CopyElements, count - done));
                (inflater ?? file).ReadExactly(part.bytes);
            }

            return values;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            values.Dispose();
            throw new TextualInversionException(
                $"{source.Path}: cannot be read ({error.Message.TrimEnd('.')}); download it again.",
                error
            );
        }
    }

    private static void Skip(DeflateStream stream, long count)
    {
        var buffer = new byte[1 << 16];
        for (; count > 0; count -= Math.Min(count, buffer.Length))
            stream.ReadExactly(buffer, 0, (int)Math.Min(count, buffer.Length));
    }
}
