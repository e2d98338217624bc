using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using static TextualInversion.Tensors.MalformedFileException;

namespace TextualInversion.Tensors.Torch;

/// <summary>
/// A file in a zip archive: <paramref name="Stored"/> bytes of the archive make <paramref name="Length"/> bytes.
/// </summary>
internal sealed record ZipEntry(string Name, long HeaderOffset, long Stored, long Length, bool Deflated);

/// <summary>
/// The list of files at the end of a zip archive (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, sections
/// 4.3.7 to 4.3.16). .NET's own reader does not tell the offset of a file in the archive, which is needed to map it.
/// </summary>
internal sealed class ZipDirectory
{
    private const int MaxListBytes = 8 << 20; // of a checkpoint of SDXL with its optimizer it takes 1 MB
    private const int EndLength = 22,
        LongEndLength = 56,
        LocatorLength = 20,
        LocalHeaderLength = 30;

    /// <summary>The largest expansion. Weights hardly compress; a higher ratio is an attack on the memory.</summary>
    private const long MaxExpansion = 50;

    private readonly Dictionary<string, ZipEntry> entries = new(StringComparer.Ordinal);
    private readonly Stream archive;

    /// <exception cref="MalformedFileException">The archive is truncated or malformed.</exception>
    public ZipDirectory(Stream archive)
    {
        this.archive = archive;
        var (offset, length) = FindList();
        if (length is < 0 or > MaxListBytes)
            throw new MalformedFileException($"the zip archive's list of files takes {length:N0} bytes");
        var list = Bytes(offset, (int)length);
        for (var position = 0; position < list.Length; )
            position += Add(list.AsSpan(position));
    }

    public IReadOnlyDictionary<string, ZipEntry> Entries => entries;

    /// <summary>The offset of the entry's bytes in the archive.</summary>
    /// <exception cref="MalformedFileException">They do not lie in the archive.</exception>
    public long Begin(ZipEntry entry)
    {
        var header = Bytes(entry.HeaderOffset, LocalHeaderLength);
        if (UInt32(header, 0) != 0x04034b50)
            throw new MalformedFileException($"the zip archive has no {Shown(entry.Name)} where its list says");
        var begin = entry.HeaderOffset + LocalHeaderLength + UInt16(header, 26) + UInt16(header, 28);
        return entry.Stored <= archive.Length - begin
            ? begin
            : throw new MalformedFileException(
                $"{Shown(entry.Name)} in the zip archive should take {entry.Stored:N0} bytes and does not: the "
                    + "file is truncated"
            );
    }

    /// <summary>The whole content.</summary>
    /// <exception cref="MalformedFileException">
    /// It is larger than <paramref name="limit"/>, or does not match the list.
    /// </exception>
    public byte[] Read(ZipEntry entry, int limit)
    {
        if (entry.Length > limit)
            throw new MalformedFileException(
                $"{Shown(entry.Name)} in the zip archive takes {entry.Length:N0} bytes, more than {limit:N0}"
            );
        var content = new byte[entry.Length];
        archive.Position = Begin(entry);
        using var inflater = entry.Deflated
            ? new DeflateStream(archive, CompressionMode.Decompress, leaveOpen: true)
            : null;
        try
        {
            (inflater ?? (Stream)archive).ReadExactly(content);
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw new MalformedFileException($"{Shown(entry.Name)} in the zip archive cannot be decompressed");
        }

        return content;
    }

    /// <summary>
    /// From the record at the archive's end, before a comment, and the longer one that it may point to.
    /// </summary>
    private (long Offset, long Length) FindList()
    {
        var tail = Bytes(
            Math.Max(0, archive.Length - EndLength - ushort.MaxValue),
            (int)Math.Min(archive.Length, EndLength + ushort.MaxValue)
        );
        var end =
            tail.Length < EndLength ? -1 : tail.AsSpan(0, tail.Length - EndLength + 4).LastIndexOf("PK\x05\x06"u8);
        if (end < 0)
            throw new MalformedFileException("it is a zip archive without an end: it is truncated; download it again");
        var record = tail.AsSpan(end);
        var place = archive.Length - tail.Length + end;
        if (
            UInt32(record, 16) != uint.MaxValue
            && UInt32(record, 12) != uint.MaxValue
            && UInt16(record, 10) != ushort.MaxValue
        )
            return (UInt32(record, 16), UInt32(record, 12));
        var locator = Bytes(place - LocatorLength, LocatorLength);
        if (UInt32(locator, 0) != 0x07064b50)
            return (UInt32(record, 16), UInt32(record, 12));
        var longRecord = Bytes(Int64(locator, 8), LongEndLength);
        if (UInt32(longRecord, 0) != 0x06064b50)
            throw new MalformedFileException("the zip archive's end is malformed");
        return (Int64(longRecord, 48), Int64(longRecord, 40));
    }

    /// <summary>Reads an entry of the list.</summary>
    /// <returns>The number of bytes that it takes.</returns>
    private int Add(ReadOnlySpan<byte> list)
    {
        const int Fixed = 46;
        if (list.Length < Fixed || UInt32(list, 0) != 0x02014b50)
            throw new MalformedFileException("the zip archive's list of files is malformed");
        int nameLength = UInt16(list, 28),
            extraLength = UInt16(list, 30),
            length = Fixed + nameLength + extraLength + UInt16(list, 32);
        if (list.Length < length)
            throw new MalformedFileException("the zip archive's list of files is malformed");
        var name = Encoding.UTF8.GetString(list.Slice(Fixed, nameLength));
        if (name.Split('/', '\\').Contains("..") || name.StartsWith('/'))
            throw new MalformedFileException("the zip archive names a file outside its own folder");
        var method = UInt16(list, 10);
        if (method is not (0 or 8) || (UInt16(list, 8) & 1) != 0)
            throw new MalformedFileException(
                "the zip archive is encrypted or compressed in a way that torch does not use"
            );
        var (full, stored, offset) = Sizes(list, list.Slice(Fixed + nameLength, extraLength));
        if (method == 8 && full > MaxExpansion * (stored + 1024))
            throw new MalformedFileException(
                $"{Shown(name)} in the zip archive expands from {stored:N0} to {full:N0} bytes"
            );
        if (method == 0 && full != stored)
            throw new MalformedFileException("the zip archive gives a file two sizes");
        if (!entries.TryAdd(name, new ZipEntry(name, offset, stored, full, method == 8)))
            throw new MalformedFileException("the zip archive holds two files of one name");
        return length;
    }

    /// <summary>Sizes that take more than 32 bits are in the entry's extra field 1, in this order.</summary>
    private static (long Full, long Stored, long Offset) Sizes(ReadOnlySpan<byte> list, ReadOnlySpan<byte> extra)
    {
        long full = UInt32(list, 24),
            stored = UInt32(list, 20),
            offset = UInt32(list, 42);
        while (extra.Length >= 4)
        {
            var (id, length) = (UInt16(extra, 0), UInt16(extra, 2));
            if (length > extra.Length - 4)
                break;
            var field = extra.Slice(4, length);
            extra = extra[(4 + length)..];
            if (id != 1)
                continue;
            Widen(ref full, ref field);
            Widen(ref stored, ref field);
            Widen(ref offset, ref field);
        }

        return full >= 0 && stored >= 0 && offset >= 0
            ? (full, stored, offset)
            : throw new MalformedFileException("the zip archive's list of files is malformed");

        static void Widen(ref long size, ref ReadOnlySpan<byte> field)
        {
            if (size != uint.MaxValue || field.Length < 8)
                return;
            size = Int64(field, 0);
            field = field[8..];
        }
    }

    private byte[] Bytes(long offset, int length)
    {
        if (offset < 0 || length > archive.Length - offset)
            throw new MalformedFileException(
                "the zip archive ends before what it should hold: it is truncated; download it again"
            );
        var bytes = new byte[length];
        archive.Position = offset;
        archive.ReadExactly(bytes);
        return bytes;
    }

    private static int UInt16(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[offset..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static long Int64(ReadOnlySpan<byte> bytes, int offset) =>
        BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);
}
