using System.Buffers.Binary;

namespace TextualInversion.Data;

/// <summary>Reads single tags of EXIF data (CIPA DC-008), which have the layout of a TIFF file.</summary>
internal readonly ref struct ExifReader
{
    public const ushort UserComment = 0x9286,
        ExifDirectory = 0x8769;

    private const ushort OrientationTag = 0x0112,
        IccProfileTag = 0x8773;

    private const int EntryBytes = 12;

    private readonly ReadOnlySpan<byte> data;
    private readonly bool isBigEndian;

    /// <param name="data">The data from the byte order mark, "II" or "MM", on. Damaged data have no tags.</param>
    public ExifReader(ReadOnlySpan<byte> data)
    {
        this.data = data.Length < 8 ? [] : data;
        isBigEndian = data.StartsWith("MM"u8);
    }

    /// <summary>The EXIF orientation, 1 (upright) to 8.</summary>
    public int Orientation =>
        Find(OrientationTag) is { Length: 2 } value && Number16(value) is >= 1 and <= 8 and var orientation
            ? orientation
            : 1;

    /// <summary>The color profile of a TIFF file, or nothing.</summary>
    public ReadOnlySpan<byte> IccProfile => Find(IccProfileTag);

    /// <summary>The first number of a tag of 16-bit numbers, or null.</summary>
    public int? Short(ushort tag) => Find(tag) is { Length: >= 2 } value ? Number16(value) : null;

    /// <summary>The value of a tag in the first directory or in the EXIF directory, or nothing.</summary>
    public ReadOnlySpan<byte> Find(ushort tag)
    {
        if (data.IsEmpty)
            return [];
        var first = Number32(data[4..]);
        var found = FindIn(first, tag);
        if (!found.IsEmpty)
            return found;
        var pointer = FindIn(first, ExifDirectory);
        return pointer.Length == 4 ? FindIn(Number32(pointer), tag) : [];
    }

    private ReadOnlySpan<byte> FindIn(uint directory, ushort tag)
    {
        if (directory > data.Length - 2)
            return [];
        var entries = data[((int)directory + 2)..];
        for (var count = Number16(data[(int)directory..]); count > 0 && entries.Length >= EntryBytes; count--)
        {
            if (Number16(entries) == tag)
                return ValueOf(entries[..EntryBytes]);
            entries = entries[EntryBytes..];
        }

        return [];
    }

    /// <summary>
    /// A value of at most four bytes is in the entry itself, a longer one at the offset in the entry.
    /// </summary>
    private ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> entry)
    {
        var bytes = (long)Number32(entry[4..]) * BytesOfType(Number16(entry[2..]));
        if (bytes <= 4)
            return entry.Slice(8, (int)bytes);
        var start = Number32(entry[8..]);
        return start + bytes <= data.Length ? data.Slice((int)start, (int)bytes) : [];
    }

    private static int BytesOfType(ushort type) =>
        type switch
        {
            3 or 8 => 2, // short
            4 or 9 or 11 => 4, // long, float
            5 or 10 or 12 => 8, // rational, double
            _ => 1, // byte, text, undefined
        };

    private ushort Number16(ReadOnlySpan<byte> bytes) =>
        isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private uint Number32(ReadOnlySpan<byte> bytes) =>
        isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
}
