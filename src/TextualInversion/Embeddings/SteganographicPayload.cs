using System.IO.Compression;
using TextualInversion.Data;

namespace TextualInversion.Embeddings;

/// <summary>
/// Data in the lower four bits of an image's pixels, which survive when texts are stripped from the file. The WebUI
/// adds a block to the left of the image with the lower halves of the bytes and one to the right with the upper halves,
/// each separated by a black column. Both are masked with pseudo-random numbers and hold zlib data (image_embedding.py
/// of the WebUI, <c>extract_image_data_embed</c>).
/// </summary>
internal static class SteganographicPayload
{
    /// <summary>More pixels than the WebUI's largest cards have, which are twice 1024 x 1536.</summary>
    public const int MaxPixels = 3 << 20;

    private const int Channels = 3;

    /// <returns>The hidden data, or null if the image has no such blocks.</returns>
    /// <exception cref="InvalidDataException">
    /// The data are not zlib, or are longer than <paramref name="limit"/> bytes.
    /// </exception>
    public static byte[]? Find(RgbImage image, int limit)
    {
        if (WithoutBlackBorder(image) is not { } area)
            return null;
        var black = Enumerable.Range(area.Left, area.Right - area.Left).Where(x => IsBlack(image, area, x)).ToList();
        if (black.Count < 2)
            return null;
        byte[] lower = Unmasked(image, area with { Right = black[0] }),
            upper = Unmasked(image, area with { Left = black[^1] + 1 });
        if (lower.Length != upper.Length || lower.Length == 0)
            return null;
        for (var i = 0; i < lower.Length; i++)
            lower[i] |= (byte)(upper[i] << 4);
        return Inflate(lower, limit);
    }

    /// <summary>The area from the first to the last row and column with a pixel that has no color value of 0.</summary>
    private static Area? WithoutBlackBorder(RgbImage image)
    {
        int left = int.MaxValue,
            right = 0,
            top = int.MaxValue,
            bottom = 0;
        for (var pixel = 0; pixel < image.Pixels.Length / Channels; pixel++)
        {
            if (image.Pixels.AsSpan(pixel * Channels, Channels).Contains((byte)0))
                continue;
            int x = pixel % image.WidthPixels,
                y = pixel / image.WidthPixels;
            (left, right, top, bottom) = (
                Math.Min(left, x),
                Math.Max(right, x + 1),
                Math.Min(top, y),
                Math.Max(bottom, y + 1)
            );
        }

        return left < right ? new Area(left, right, top, bottom) : null;
    }

    private static bool IsBlack(RgbImage image, Area area, int x)
    {
        for (var y = area.Top; y < area.Bottom; y++)
        for (var channel = 0; channel < Channels; channel++)
            if (LowerHalf(image, x, y, channel) != 0)
                return false;
        return true;
    }

    private static byte[] Unmasked(RgbImage image, Area area)
    {
        var bytes = new byte[(area.Right - area.Left) * (area.Bottom - area.Top) * Channels];
        uint mask = 0;
        var next = 0;
        for (var y = area.Top; y < area.Bottom; y++)
        for (var x = area.Left; x < area.Right; x++)
        for (var channel = 0; channel < Channels; channel++)
        {
            mask = unchecked((1664525 * mask) + 1013904223);
            bytes[next++] = (byte)(LowerHalf(image, x, y, channel) ^ (mask % 255 & 0x0F));
        }

        return bytes;
    }

    private static int LowerHalf(RgbImage image, int x, int y, int channel) =>
        image.Pixels[(((y * image.WidthPixels) + x) * Channels) + channel] & 0x0F;

    private static byte[] Inflate(byte[] zlib, int limit)
    {
        using var inflater = new ZLibStream(new MemoryStream(zlib), CompressionMode.Decompress);
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int length; (length = inflater.Read(buffer)) > 0; )
        {
            content.Write(buffer, 0, length);
            if (content.Length > limit)
                throw new InvalidDataException("it is too long for one");
        }

        return content.ToArray();
    }

    /// <summary>Columns [Left, Right) and rows [Top, Bottom).</summary>
    private sealed record Area(int Left, int Right, int Top, int Bottom);
}
