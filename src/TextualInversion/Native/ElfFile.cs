using System.Buffers.Binary;
using TextualInversion.IO;

namespace TextualInversion.Native;

/// <summary>
/// The header of a shared object (ELF64, little-endian; structures Elf64_Ehdr and Elf64_Phdr of the System V ABI,
/// https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html).
/// </summary>
internal static class ElfFile
{
    private const int HeaderSize = 64; // bytes of an Elf64_Ehdr
    private const int SegmentSize = 56; // bytes of an Elf64_Phdr

    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]; // 64 bits, little-endian

    /// <summary>
    /// Whether a file ends before a part of it that the system loads. The system does not notice it: it maps the file
    /// into memory, and ends the process that reads behind the file's end. False for files that cannot be read or are
    /// something else, which the system refuses.
    /// </summary>
    public static bool IsCutOff(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            Span<byte> header = stackalloc byte[HeaderSize];
            if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize)
                return false;
            return header.StartsWith(Magic) && EndOfSegments(file, header) > (ulong)file.Length;
        }
        catch (Exception error) when (IoErrors.IsFileError(error))
        {
            return false;
        }
    }

    /// <summary>
    /// Where the last part ends that is loaded, in bytes; the largest number if that is not in the file.
    /// </summary>
    private static ulong EndOfSegments(FileStream file, ReadOnlySpan<byte> header)
    {
        var start = BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[0x38..]);
        if (start > (ulong)file.Length)
            return ulong.MaxValue;
        var segments = new byte[count * SegmentSize];
        file.Position = (long)start;
        if (file.ReadAtLeast(segments, segments.Length, throwOnEndOfStream: false) < segments.Length)
            return ulong.MaxValue;
        ulong end = 0;
        for (var segment = 0; segment < segments.Length; segment += SegmentSize)
        {
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(segments.AsSpan(segment + 8));
            end = Math.Max(end, offset + BinaryPrimitives.ReadUInt64LittleEndian(segments.AsSpan(segment + 32)));
        }

        return end;
    }
}
