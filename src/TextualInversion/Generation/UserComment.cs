using System.Buffers.Binary;
using System.Text;
using TextualInversion.Data;

namespace TextualInversion.Generation;

/// <summary>
/// The EXIF user comment (CIPA DC-008, tag 0x9286): eight bytes that name the encoding, then the text. The WebUI writes
/// UTF-16, always big-endian, whatever the byte order of the other data.
/// </summary>
internal static class UserComment
{
    private const int HeaderLength = 8;
    private const int DirectoryBytes = 2 + 12 + 4; // count, one entry, offset of the next directory
    private const int FirstDirectory = 8,
        SecondDirectory = FirstDirectory + DirectoryBytes,
        Value = SecondDirectory + DirectoryBytes;
    private const ushort Long = 4,
        Undefined = 7; // types of values

    private static ReadOnlySpan<byte> Unicode => "UNICODE\0"u8;

    private static ReadOnlySpan<byte> Ascii => "ASCII\0\0\0"u8;

    private static ReadOnlySpan<byte> Unnamed => "\0\0\0\0\0\0\0\0"u8;

    /// <summary>EXIF data that contain only <paramref name="text"/>, from the byte order mark on.</summary>
    public static byte[] Make(string text)
    {
        byte[] comment = [.. Unicode, .. Encoding.BigEndianUnicode.GetBytes(text)];
        return
        [
            .. "MM\0*"u8,
            .. Number(FirstDirectory),
            .. Directory(ExifReader.ExifDirectory, Long, 1, SecondDirectory),
            .. Directory(ExifReader.UserComment, Undefined, comment.Length, Value),
            .. comment,
        ];
    }

    /// <summary>The text, or null if there is none or it has another encoding.</summary>
    public static string? Read(ReadOnlySpan<byte> exif)
    {
        var comment = new ExifReader(exif).Find(ExifReader.UserComment);
        if (comment.Length < HeaderLength)
            return null;
        var text = comment[HeaderLength..];
        if (comment.StartsWith(Unicode))
            return OfUtf16(text);
        // Programs in Python or JavaScript write UTF-8 after these marks too.
        return comment.StartsWith(Ascii) || comment.StartsWith(Unnamed) ? Encoding.UTF8.GetString(text) : null;
    }

    /// <summary>Big-endian, as the WebUI writes it, unless little-endian gives more ASCII characters.</summary>
    private static string OfUtf16(ReadOnlySpan<byte> bytes)
    {
        var (big, little) = (Encoding.BigEndianUnicode.GetString(bytes), Encoding.Unicode.GetString(bytes));
        return big.Count(char.IsAscii) >= little.Count(char.IsAscii) ? big : little;
    }

    /// <summary>A directory with a single entry, and none after it.</summary>
    private static byte[] Directory(ushort tag, ushort type, int count, int value) =>
        [0, 1, .. Short(tag), .. Short(type), .. Number(count), .. Number(value), .. Number(0)];

    private static byte[] Short(ushort value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Number(int value)
    {
        var bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
