using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace TextualInversion.Data;

/// <summary>
/// Texts in PNG files (https://www.w3.org/TR/png-3/#11textinfo). <c>tEXt</c> holds Latin-1 and is understood by every
/// reader; <c>iTXt</c> holds UTF-8. A chunk is its length, its type, its data and a CRC of the type and the data;
/// numbers are big-endian.
/// </summary>
internal static class PngTextChunk
{
    public const int SignatureLength = 8;
    private const int Overhead = 12; // length, type and CRC
    private const int MaxKeyword = 79; // bytes

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>
    /// Makes a whole chunk with <paramref name="text"/> under <paramref name="keyword"/>, which is ASCII.
    /// </summary>
    public static byte[] Make(string keyword, string text)
    {
        if (text.All(character => character is > '\0' and <= '\xFF'))
            return MakeChunk("tEXt"u8, [.. Encoding.Latin1.GetBytes(keyword), 0, .. Encoding.Latin1.GetBytes(text)]);
        // After the keyword: not compressed, compression method 0, no language, no translated keyword.
        return MakeChunk(
            "iTXt"u8,
            [.. Encoding.Latin1.GetBytes(keyword), 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)]
        );
    }

    /// <summary>
    /// The text under <paramref name="keyword"/> in a PNG file, or null if it is missing or compressed.
    /// </summary>
    /// <exception cref="InvalidDataException">A chunk before it is truncated or has a wrong CRC.</exception>
    public static string? Find(ReadOnlySpan<byte> png, string keyword)
    {
        var rest = png[SignatureLength..];
        while (rest.Length > 0)
        {
            var length = rest.Length >= Overhead ? BinaryPrimitives.ReadUInt32BigEndian(rest) : uint.MaxValue;
            if (length > rest.Length - Overhead)
                throw new InvalidDataException("it is cut short");
            var chunk = rest[4..(8 + (int)length)];
            if (ReadText(chunk, Encoding.Latin1.GetBytes(keyword)) is { } text)
            {
                if (Crc32.HashToUInt32(chunk) != BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]))
                    throw new InvalidDataException("the checksum of its text is wrong");
                return text;
            }

            rest = rest[(Overhead + (int)length)..];
        }

        return null;
    }

    /// <summary>Whether a PNG file has a text under <paramref name="keyword"/>; the rest of it is not read.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool Has(Stream png, string keyword)
    {
        Span<byte> start = stackalloc byte[SignatureLength];
        if (png.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) < start.Length)
            return false;
        Span<byte> head = stackalloc byte[Overhead - 4 + MaxKeyword + 1];
        for (var position = (long)SignatureLength; start.SequenceEqual(Signature) && position < png.Length; )
        {
            png.Position = position;
            var read = head[..png.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
            if (read.Length < Overhead)
                return false;
            var isText = read[4..].StartsWith("tEXt"u8) || read[4..].StartsWith("iTXt"u8);
            if (isText && read[8..].StartsWith(Encoding.Latin1.GetBytes(keyword + '\0')))
                return true;
            position += Overhead + BinaryPrimitives.ReadUInt32BigEndian(read);
        }

        return false;
    }

    internal static byte[] MakeChunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        var chunk = new byte[Overhead + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        type.CopyTo(chunk.AsSpan(4));
        data.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(
            chunk.AsSpan(8 + data.Length),
            Crc32.HashToUInt32(chunk.AsSpan(4, 4 + data.Length))
        );
        return chunk;
    }

    /// <param name="chunk">The type and the data.</param>
    /// <param name="keyword">The keyword in Latin-1.</param>
    private static string? ReadText(ReadOnlySpan<byte> chunk, ReadOnlySpan<byte> keyword)
    {
        var data = chunk[4..];
        if (!data.StartsWith(keyword) || data.Length == keyword.Length || data[keyword.Length] != 0)
            return null;
        data = data[(keyword.Length + 1)..];
        if (chunk.StartsWith("tEXt"u8))
            return Encoding.Latin1.GetString(data);
        if (!chunk.StartsWith("iTXt"u8) || data.Length < 4 || data[0] != 0)
            return null;
        data = data[2..]; // compression flag and method
        for (var skipped = 0; skipped < 2; skipped++)
            data = data[(data.IndexOf((byte)0) + 1)..]; // language, translated keyword
        return Encoding.UTF8.GetString(data);
    }
}
