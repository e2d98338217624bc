using System.Buffers.Binary;

namespace TextualInversion.Data;

/// <summary>The headers of a BMP file.</summary>
internal static class BmpHeader
{
    private const int OldHeaderBytes = 12; // that of OS/2, with sides of 16 bits and no compression
    private const int HeaderEnd = 34; // the end of the fields read here

    /// <summary>Refuses a file with fewer pixels than its header says, if they are not compressed.</summary>
    /// <exception cref="InvalidDataException">The file is cut off.</exception>
    public static void CheckPixels(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderEnd)
            throw new InvalidDataException("it ends within its header");
        var isOld = Number(file[14..]) == OldHeaderBytes;
        var (width, height) = isOld
            ? (Short(file[18..]), Short(file[20..]))
            : (Number(file[18..]), Math.Abs(Number(file[22..])));
        var bits = Short(file[(isOld ? 24 : 28)..]);
        var isCompressed = !isOld && Number(file[30..]) is not (0 or 3); // 3: with masks for the color bits
        var rowBytes = ((long)width * bits + 31) / 32 * 4;
        if (!isCompressed && Number(file[10..]) + rowBytes * height > file.Length)
            throw new InvalidDataException("its pixels end too early");
    }

    private static int Short(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static long Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt32LittleEndian(bytes);
}
