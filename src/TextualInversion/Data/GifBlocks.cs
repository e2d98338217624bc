namespace TextualInversion.Data;

/// <summary>The blocks of a GIF file (GIF89a specification).</summary>
internal static class GifBlocks
{
    private const int HeaderBytes = 13,
        DescriptorBytes = 10;

    /// <summary>The file with its first frame only.</summary>
    /// <exception cref="InvalidDataException">It ends within its first frame.</exception>
    public static byte[] FirstFrame(ReadOnlySpan<byte> file)
    {
        var at = HeaderBytes + TableBytes(At(file, 10));
        while (true)
        {
            switch (At(file, at))
            {
                case (byte)'!': // an extension: its label, followed by blocks
                    at = SkipBlocks(file, at + 2);
                    break;
                case (byte)',': // a frame: position, colors, code size, followed by blocks
                    at += DescriptorBytes + TableBytes(At(file, at + DescriptorBytes - 1));
                    return [.. file[..SkipBlocks(file, at + 1)], (byte)';'];
                default:
                    throw new InvalidDataException("it has no frame");
            }
        }
    }

    private static int TableBytes(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    private static int SkipBlocks(ReadOnlySpan<byte> file, int at)
    {
        while (At(file, at) is not 0 and var length)
            at += 1 + length;
        return at + 1;
    }

    private static byte At(ReadOnlySpan<byte> file, int at) =>
        at < file.Length ? file[at] : throw new InvalidDataException("it ends within its first frame");
}
