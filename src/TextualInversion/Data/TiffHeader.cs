namespace TextualInversion.Data;

/// <summary>
/// The kinds of TIFF files (TIFF 6.0) that the decoder refuses without saying why, or decodes wrongly.
/// </summary>
internal static class TiffHeader
{
    private const ushort BitsPerSample = 258,
        Compression = 259,
        Photometric = 262,
        SampleFormat = 339;

    /// <summary>Refuses files that would not be decoded as they are meant.</summary>
    /// <exception cref="NotSupportedException">The kind of file is not supported.</exception>
    public static void CheckKind(ReadOnlySpan<byte> file)
    {
        const int Float = 3, // of SampleFormat
            WhiteIsZero = 0, // of Photometric
            BlackIsZero = 1;
        var tags = new ExifReader(file);
        if (tags.Find(BitsPerSample).IsEmpty && tags.Short(Photometric) is WhiteIsZero or BlackIsZero)
            throw new NotSupportedException("it does not say how many bits a pixel has");
        if (tags.Short(SampleFormat) == Float)
            throw new NotSupportedException("its pixels are floating-point numbers");
        // Modified Huffman, group 3 and group 4; decoded, black would be white.
        if (tags.Short(Compression) is (2 or 3 or 4) && tags.Short(Photometric) == BlackIsZero)
            throw new NotSupportedException("it is compressed like a fax, but with black as zero");
    }
}
