using System.Text;
using ImageMagick;

namespace TextualInversion.Generation;

/// <summary>
/// The user comment of EXIF (CIPA DC-008, tag 0x9286): eight bytes that name the encoding, then the text. The WebUI
/// writes UTF-16, big-endian whatever the order of the rest.
/// </summary>
internal static class UserComment
{
    private const int HeaderLength = 8;

    private static ReadOnlySpan<byte> Unicode => "UNICODE\0"u8;

    private static ReadOnlySpan<byte> Ascii => "ASCII\0\0\0"u8;

    public static ExifProfile Make(string text)
    {
        var profile = new ExifProfile();
        profile.SetValue(ExifTag.UserComment, [.. Unicode, .. Encoding.BigEndianUnicode.GetBytes(text)]);
        return profile;
    }

    /// <summary>The text; null where there is none or it is in another encoding.</summary>
    public static string? Read(IExifProfile? profile)
    {
        if (profile?.GetValue(ExifTag.UserComment)?.Value is not { Length: >= HeaderLength } comment)
            return null;
        var text = comment.AsSpan(HeaderLength);
        if (comment.AsSpan().StartsWith(Unicode))
            return Encoding.BigEndianUnicode.GetString(text);
        return comment.AsSpan().StartsWith(Ascii) ? Encoding.ASCII.GetString(text) : null;
    }
}
