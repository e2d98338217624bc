using System.Buffers.Binary;

namespace TextualInversion.Data;

/// <summary>The sizes that a still WebP image announces (RFC 9649; RFC 6386 for lossy ones).</summary>
internal static class WebPHeader
{
    private const int LossySizeAt = 6,
        CanvasAt = 4;

    /// <summary>Refuses a file whose pixels are missing; the decoder makes them up.</summary>
    /// <exception cref="InvalidDataException">
    /// It is lossy and has fewer bytes than its pixels need, or its canvas has another size than its pixels.
    /// </exception>
    public static void CheckPixels(byte[] file)
    {
        var chunks = RiffChunks.Read(file).ToList();
        if (chunks.Find(chunk => chunk.Type is "VP8 " or "VP8L") is not { Data.Length: >= LossySizeAt + 4 } pixels)
            return; // the decoder refuses it
        var (width, height) = pixels.Type == "VP8L" ? LosslessSize(pixels.Data.Span) : LossySize(pixels.Data.Span);
        // The prediction modes of a lossy block of 16 x 16 pixels have fixed probabilities (RFC 6386, section 11) and
        // take more than a bit.
        if (pixels.Type == "VP8 " && (width + 15L) / 16 * ((height + 15) / 16) > pixels.Data.Length * 8L)
            throw new InvalidDataException("its pixels end too early");
        if (chunks is [("VP8X", { Length: >= CanvasAt + 6 } canvas), ..] && CanvasSize(canvas.Span) != (width, height))
            throw new InvalidDataException("its headers name different sizes");
    }

    private static (int Width, int Height) LossySize(ReadOnlySpan<byte> frame)
    {
        const int SizeBits = 0x3FFF; // above them is a scale for showing it
        return (Number(frame[LossySizeAt..]) & SizeBits, Number(frame[(LossySizeAt + 2)..]) & SizeBits);
    }

    /// <summary>After a byte of signature, twice 14 bits, each the number minus one.</summary>
    private static (int Width, int Height) LosslessSize(ReadOnlySpan<byte> frame)
    {
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(frame[1..]);
        return ((int)(bits & 0x3FFF) + 1, (int)((bits >> 14) & 0x3FFF) + 1);
    }

    /// <summary>Twice 24 bits, each the number minus one.</summary>
    private static (int Width, int Height) CanvasSize(ReadOnlySpan<byte> canvas) =>
        (
            (Number(canvas[CanvasAt..]) | (canvas[CanvasAt + 2] << 16)) + 1,
            (Number(canvas[(CanvasAt + 3)..]) | (canvas[CanvasAt + 5] << 16)) + 1
        );

    private static int Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);
}
